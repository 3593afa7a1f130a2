import Foundation

extension TrainingRun {
  /// What ranks ask for after a step, the same on all of them.
  struct Wish {
    /// Why the run is to stop; nil where it goes on.
    var stop: String?
    /// A checkpoint is due by the clock.
    var save: Bool
  }

  /// Asks all ranks: a signal may have come to any of them; the first one's clock counts for all.
  /// - Throws: `AgreedFailure` where another process took the run folder.
  func vote() throws -> Wish {
    let asked = communicator.maximum([
      Double(StopRequest.received ?? 0), isFirstRank && timeIsUp ? 1 : 0, isFirstRank && saveIsDueByTime ? 1 : 0,
      isFirstRank && isLockLost ? 1 : 0,
    ])
    if isFirstRank { reportSaves() }
    if asked[3] > 0 {
      try communicator.agree {
        throw Failure(.failed, "another process took the run folder \(folder.path): this one ends without a checkpoint")
      }
    }
    var reason: String?
    if asked[1] > 0 { reason = options.timeLimit.map { "before the time limit (\($0.source))" } }
    if asked[0] > 0 { reason = "by \(StopRequest.name(Int32(asked[0])))" }
    return Wish(stop: reason, save: asked[2] > 0)
  }

  /// Saves and says so.
  func stop(_ reason: String) throws -> Ending {
    try save()
    note("stopped \(reason) after step \(trainer.step): the same command resumes the run")
    return .stopped
  }

  /// Whether the job's time limit leaves no time for what comes next, an evaluation or a step, and a checkpoint. Rank 0's
  /// clock counts.
  private var timeIsUp: Bool {
    guard let limit = options.timeLimit, !isFinished || isEvaluationDue else { return false }
    return limit.isReached(
      now: Date().timeIntervalSince1970, checkpoint: writer.longestSeconds ?? expectedSaveSeconds,
      next: pace.longestStep + (isEvaluationDue ? 1.5 * pace.evaluationSeconds : 0))
  }

  /// What the first checkpoint may take: its bytes at the pace of a slow disk.
  private var expectedSaveSeconds: Double {
    Double(trainer.parameters.count * (1 + trainer.optimizer.state.count) * MemoryLayout<Float>.stride) / 20e6
  }

  /// When the run will stop by itself; nil where no limit is known.
  var limitNote: String? {
    options.timeLimit.map {
      let format = DateFormatter()
      format.dateFormat = "yyyy-MM-dd HH:mm:ss zzz"
      return "stops with a checkpoint before \(format.string(from: Date(timeIntervalSince1970: $0.end))), \($0.source)"
    }
  }
}
