import DistTrain
import Foundation
import Synchronization
import TestTools
import Testing

@Suite struct SlurmJobTests {
  private static func job(_ id: String) -> SlurmJob? { SlurmJob(environment: ["SLURM_JOB_ID": id]) }

  @Test func `a job is named by digits, since the shell reads its name`() {
    #expect(Self.job("77")?.id == "77")
    for text in ["", "7;true", "$(true)", "7 8", "٣", "-1", "7_3"] { #expect(Self.job(text) == nil, "\(text)") }
    #expect(SlurmJob(environment: [:]) == nil)
  }

  @Test func `its end is in its own line of an array's`() throws {
    let lines = """
      JobId=78 ArrayJobId=77 ArrayTaskId=1 JobName=EndTime=5 TimeLimit=00:10:00 EndTime=1796040697 Deadline=N/A
      JobId=77 ArrayJobId=77 ArrayTaskId=2 JobName=x TimeLimit=UNLIMITED EndTime=1796041297 Deadline=N/A
      JobId=777 ArrayJobId=77 ArrayTaskId=3 JobName=y TimeLimit=UNLIMITED EndTime=Unknown Deadline=N/A

      """
    #expect(try #require(Self.job("77")).end(in: lines) == 1_796_041_297)
    #expect(try #require(Self.job("777")).end(in: lines) == .infinity)
    #expect(try #require(Self.job("7")).end(in: lines) == nil)
    #expect(try #require(Self.job("5")).end(in: "JobId=5 EndTime=2026-11-30T12:11:37") == nil)
    #expect(try #require(Self.job("5")).end(in: "") == nil)
  }

  /// A limit, what scontrol answers one after the other, and what is said.
  private static func watch(of end: Double, answers: [Double?]) throws -> (watch: TimeLimitWatch, said: Said) {
    let limit = TimeLimit(end: end, source: "Slurm job 77", job: Self.job("77"))
    let (rest, said) = (Said(answers), Said())
    return (TimeLimitWatch(limit, ask: { _ in rest.next() }, say: { said.add($0) }), said)
  }

  @Test func `Slurm is asked where the environment does not say the end`() throws {
    let now = SteadyClock.now
    let (watch, said) = try Self.watch(of: .infinity, answers: [now + 1000, nil])
    #expect(said.lines.count == 1 && said.lines[0].contains("stops with a checkpoint before"))
    #expect(!watch.isReached(checkpoint: 1, next: 900))
    #expect(watch.isReached(checkpoint: 1, next: 1000))
  }

  @Test(arguments: [nil, Double.infinity, 5]) func `without an answer, a limit or a job there is no end`(
    answer: Double?
  ) throws {
    let (watch, said) = try Self.watch(of: .infinity, answers: [answer])
    #expect(said.lines.count == 1 && said.lines[0].contains("--stop-before"))
    #expect(!watch.isReached(checkpoint: 1000, next: 1e8))
  }

  @Test func `a limit that was moved is taken before it stops the run`() throws {
    let now = SteadyClock.now
    let (watch, said) = try Self.watch(of: now + 5, answers: [now + 1000, now + 2000, nil])
    #expect(said.lines.count == 1)
    #expect(!watch.isReached(checkpoint: 0, next: 0))
    #expect(said.lines.count == 2 && said.lines[1].contains("has moved"))
    #expect(!watch.isReached(checkpoint: 0, next: 1500))
    #expect(watch.isReached(checkpoint: 0, next: 2000))
    #expect(said.lines.count == 3)
  }

  @Test func `a run's own limit asks nobody`() {
    let limit = TimeLimit(end: SteadyClock.now + 5, source: "--stop-before 5s")
    let said = Said()
    let watch = TimeLimitWatch(limit) { _ in
      Issue.record("nobody is to be asked")
      return nil
    } say: {
      said.add($0)
    }
    #expect(watch.isReached(checkpoint: 0, next: 0) && watch.source == "--stop-before 5s")
  }
}

/// What is said and answered, one after the other.
private final class Said: Sendable {
  private let values: Mutex<(lines: [String], answers: [Double?])>

  init(_ answers: [Double?] = []) { values = Mutex(([], answers)) }

  var lines: [String] { values.withLock { $0.lines } }

  func add(_ line: String) { values.withLock { $0.lines.append(line) } }

  /// The next answer; a test that asks too often fails.
  func next() -> Double? {
    values.withLock { values in
      guard !values.answers.isEmpty else {
        Issue.record("asked too often")
        return nil
      }
      return values.answers.removeFirst()
    }
  }
}
