import Foundation

/// Follows a run's time limit on rank 0, whose clock counts for all. Where Slurm set it, Slurm may move it: it is asked
/// where the environment does not say the job's end, and again before the limit stops the run.
package final class TimeLimitWatch {
  private var limit: TimeLimit
  private let ask: (SlurmJob) -> Double?
  private let say: (String) -> Void

  /// The source of the limit in words.
  package var source: String { limit.source }

  /// - Parameters:
  ///   - ask: asks for a job's end.
  ///   - say: says where the limit is.
  package init(
    _ limit: TimeLimit, ask: @escaping (SlurmJob) -> Double? = { $0.askedEnd() }, say: @escaping (String) -> Void
  ) {
    (self.ask, self.say) = (ask, say)
    self.limit = limit.end < .infinity ? limit : limit.renewed(now: SteadyClock.now, ask: ask)
    say(self.limit.note)
  }

  /// Whether less time is left than a checkpoint and what comes before it need, as `TimeLimit.isReached` counts them.
  package func isReached(checkpoint: Double, next: Double) -> Bool {
    guard isReached(limit, checkpoint, next) else { return false }
    let renewed = limit.renewed(now: SteadyClock.now, ask: ask)
    guard renewed != limit else { return true }
    limit = renewed
    say("the end of \(limit.source) has moved: \(limit.note)")
    return isReached(limit, checkpoint, next)
  }

  private func isReached(_ limit: TimeLimit, _ checkpoint: Double, _ next: Double) -> Bool {
    limit.isReached(
      now: limit.now(steady: SteadyClock.now, wall: Date().timeIntervalSince1970), checkpoint: checkpoint, next: next)
  }
}
