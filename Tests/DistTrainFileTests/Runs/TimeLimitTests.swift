import DistTrain
import TestTools
import Testing

@Suite struct TimeLimitTests {
  static let durations: [(text: String, seconds: Double)] = [
    ("90s", 90), ("30m", 1800), ("12h", 43_200), ("2d", 172_800), ("90", 5400), ("30:15", 1815), ("12:00:05", 43_205),
    ("1-12", 129_600), ("1-12:30", 131_400), ("1-12:00:01", 129_601),
  ]

  @Test(arguments: durations) func `a duration counts from now on`(one: (text: String, seconds: Double)) throws {
    let limit = try TimeLimit.of(one.text, environment: [:], now: 1000)
    #expect(limit?.end == 1000 + one.seconds)
    #expect(limit?.source == "--stop-before \(one.text)")
  }

  @Test(arguments: [
    "", "0", "0s", "soon", "12:", "1:2:3:4", "1-", "-1", "5x", "1.5h", "1-2-3", "٣m", "12:61:00", "1:75", "1-12:60",
  ])
  func `what is no duration is refused`(text: String) {
    let refusal = failure { _ = try TimeLimit.of(text, environment: [:], now: 0) }
    #expect(refusal?.kind == .usage)
    #expect(refusal?.message.contains("--stop-before \(text)") == true)
  }

  @Test func `Slurm's end of the job counts where nothing else is said, unless it has passed`() throws {
    let environment = ["SLURM_JOB_END_TIME": "5000", "SLURM_JOB_ID": "77"]
    let limit = try TimeLimit.of(nil, environment: environment, now: 1000)
    let job = try #require(SlurmJob(environment: environment))
    #expect(limit == TimeLimit(end: 5000, source: "Slurm job 77", job: job))
    #expect(try TimeLimit.of(nil, environment: environment, now: 5000) == nil)
    for end in ["Unknown", "nan", "inf", "1e300", nil] {
      var other = environment
      other["SLURM_JOB_END_TIME"] = end
      #expect(try TimeLimit.of(nil, environment: other, now: 0)?.end == .infinity)
      other["SLURM_JOB_ID"] = nil
      #expect(try TimeLimit.of(nil, environment: other, now: 0) == nil)
    }
    #expect(try TimeLimit.of(nil, environment: [:], now: 0) == nil)
    #expect(try TimeLimit.of("none", environment: environment, now: 1000) == nil)
    #expect(try TimeLimit.of("1m", environment: environment, now: 1000)?.end == 1060)
  }

  @Test func `the wall's clock counts only for who ends the job by it, and only where it is ahead`() throws {
    let slurm = TimeLimit(end: 5000, source: "", job: SlurmJob(environment: ["SLURM_JOB_ID": "7"]))
    #expect(slurm.now(steady: 100, wall: 130) == 130 && slurm.now(steady: 100, wall: 70) == 100)
    let own = try #require(try TimeLimit.of("1m", environment: [:], now: 100))
    #expect(own.now(steady: 100, wall: 130) == 100 && own.now(steady: 100, wall: 70) == 100)
  }

  @Test func `time is up when the next step and three times a checkpoint, or ten seconds, no longer fit`() {
    let limit = TimeLimit(end: 1000, source: "")
    #expect(!limit.isReached(now: 980, checkpoint: 1, next: 10))
    #expect(limit.isReached(now: 981, checkpoint: 1, next: 10))
    #expect(!limit.isReached(now: 930, checkpoint: 20, next: 10))
    #expect(limit.isReached(now: 931, checkpoint: 20, next: 10))
    #expect(limit.isReached(now: 2000, checkpoint: 0, next: 0))
  }
}
