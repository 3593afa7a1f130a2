import Foundation

/// The time by which a run has to have ended, and whether it leaves time for another step.
package struct TimeLimit: Sendable, Equatable {
  /// The time in seconds since 1970; infinity where it is not known or there is none.
  package let end: Double
  /// The source of the limit, such as `--stop-before 12:00:00`.
  package let source: String
  /// The job that Slurm ends then, by the clock on the wall; nil where it is this run's own limit.
  package let job: SlurmJob?

  package init(end: Double, source: String, job: SlurmJob? = nil) {
    self.end = end
    self.source = source
    self.job = job
  }

  /// The limit of `--stop-before`, or else the one of the Slurm job; nil for no limit.
  ///
  /// - Parameters:
  ///   - text: `none`, a time from now on in Slurm's form (`90` minutes, `30:00`, `12:00:00`, `1-12:00:00`) or with a
  ///     unit (`90s`, `30m`, `12h`, `2d`); nil where the option was not given.
  ///   - now: the present in seconds since 1970.
  /// - Throws: `Failure(.usage)` for another text.
  package static func of(_ text: String?, environment: [String: String], now: Double) throws -> TimeLimit? {
    if text == "none" { return nil }
    if let text {
      guard let seconds = seconds(text), seconds > 0, seconds < 1e9 else {
        throw Failure(
          .usage,
          "--stop-before \(text): expected a time from now on such as 90 (minutes), 30m, 12h, 12:00:00 or 1-12:00:00, or none"
        )
      }
      return TimeLimit(end: now + seconds, source: "--stop-before \(text)")
    }
    guard let job = SlurmJob(environment: environment) else { return nil }
    let end = environment["SLURM_JOB_END_TIME"].flatMap { Double($0) }.flatMap { $0 < now + 1e9 ? $0 : nil }
    // An end that has passed comes from a job that is gone and whose environment a shell inherited.
    if let end, end <= now { return nil }
    return TimeLimit(end: end ?? .infinity, source: "Slurm job \(job.id)", job: job)
  }

  /// The limit as Slurm has it now; the same where it is not Slurm's, or Slurm gives no answer.
  /// - Parameters:
  ///   - ask: asks for a job's end.
  ///   - now: the present in seconds since 1970. An end before it is that of a job that is gone.
  package func renewed(now: Double, ask: (SlurmJob) -> Double?) -> TimeLimit {
    guard let job, let end = ask(job), end > now else { return self }
    return TimeLimit(end: end, source: source, job: job)
  }

  /// The present that counts for this limit: where the two clocks differ and the wall's may be the one that ends the
  /// job, the later.
  package func now(steady: Double, wall: Double) -> Double { job == nil ? steady : max(steady, wall) }

  /// Whether a run should stop now, because less time is left than the next step or evaluation and a checkpoint need.
  ///
  /// - Parameters:
  ///   - checkpoint: the seconds that a checkpoint takes. Three times as many are kept for it, and at least 10.
  ///   - next: the seconds that the next step or evaluation takes.
  package func isReached(now: Double, checkpoint: Double, next: Double) -> Bool {
    end - now < max(10, 3 * checkpoint) + next
  }

  /// The time at which the run will stop by itself, as a note for people.
  package var note: String {
    guard end < .infinity else {
      return "\(source): its end is not known, or it has none (--stop-before TIME sets one)"
    }
    let format = DateFormatter()
    format.dateFormat = "yyyy-MM-dd HH:mm:ss zzz"
    return "stops with a checkpoint before \(format.string(from: Date(timeIntervalSince1970: end))), \(source)"
  }

  /// The seconds of a duration in words; nil if the text is none.
  static func seconds(_ text: String) -> Double? {
    let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    if let unit = text.last.flatMap({ units[$0] }) { return count(text.dropLast()).map { $0 * unit } }
    let parts = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    guard let clock = parts.last?.split(separator: ":", omittingEmptySubsequences: false).map({ count($0) }),
      !clock.contains(nil), clock.count <= 3
    else { return nil }
    let numbers = clock.compactMap { $0 }
    // An hour has sixty minutes, and a minute sixty seconds; the first number may be any.
    guard numbers.dropFirst().allSatisfy({ $0 < 60 }) else { return nil }
    if parts.count == 2 {
      // After days come hours: 1-12 is a day and a half.
      guard let days = count(parts[0]) else { return nil }
      return zip(numbers, [3600, 60, 1]).reduce(days * 86_400) { $0 + $1.0 * $1.1 }
    }
    // The numbers are minutes; minutes and seconds; or hours, minutes and seconds.
    let scale: [Double] = numbers.count == 3 ? [3600, 60, 1] : [60, 1]
    return zip(numbers, scale).reduce(0) { $0 + $1.0 * $1.1 }
  }

  private static func count(_ text: some StringProtocol) -> Double? {
    text.isEmpty || !text.allSatisfy(\.isWholeNumber) ? nil : Double(text)
  }
}
