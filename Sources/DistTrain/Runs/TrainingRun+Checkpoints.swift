extension TrainingRun {
  /// Seconds that a checkpoint which is due waits for the one before; a disk that takes longer costs checkpoints, not
  /// training.
  private static let patience = 10.0

  var saveIsDueByStep: Bool {
    let every = configuration.checkpoint.everySteps
    return every > 0 && trainer.step % every == 0
  }

  var saveIsDueByTime: Bool {
    let minutes = configuration.checkpoint.everyMinutes
    return minutes > 0 && monotonicSeconds() - lastSave >= 60 * minutes
  }

  /// Begins a checkpoint of this step, which is written while training goes on: where that fails, the last good one
  /// stays.
  /// - Parameter isBest: it takes the place of the best one.
  func beginSave(isBest: Bool = false) throws {
    communicator.announce("the checkpoint of step \(trainer.step)")
    let began = monotonicSeconds()
    defer { checkpointSeconds += monotonicSeconds() - began }
    lastSave = began
    guard try isWorthSaving() else {
      note("warning: no checkpoint at step \(trainer.step): parameters are not finite; the last checkpoint stays")
      return
    }
    let isFree = communicator.broadcast(!isFirstRank || writer.wait(atMost: Self.patience))
    guard isFree else {
      note("warning: no checkpoint at step \(trainer.step): the one before is still being written; training continues")
      return
    }
    if isFirstRank { startWriting(isBest: isBest) }
  }

  /// Saves this step, unless that was done, and waits until it is on disk.
  /// - Throws: `AgreedFailure` where it cannot be written.
  func save() throws {
    communicator.announce("the checkpoint of step \(trainer.step)")
    guard try isWorthSaving() else {
      try communicator.agree {
        throw Failure(
          .failed, "step \(trainer.step): parameters are not finite and are not saved; the last checkpoint is good")
      }
      return
    }
    try communicator.agree {
      guard communicator.rank == 0 else { return }
      writer.wait()
      reportSaves()
      if writer.lastWritten == trainer.step { return }
      startWriting(isBest: false)
      writer.wait()
      if let failure = writer.takeOutcomes().lazy.compactMap(\.failure).first { throw failure }
    }
    lastSave = monotonicSeconds()
  }

  /// Where it cannot be written training goes on, or ends for another reason, and the last good one stays.
  func saveOrWarn() throws {
    do {
      try save()
    } catch let agreed as AgreedFailure where agreed.failure.kind == .failed {
      note("warning: no checkpoint at step \(trainer.step): \(agreed.failure.message)")
    }
  }

  /// Lets this step's checkpoint be the best, and begins it where there is none yet.
  func keepAsBest(eer: Double) throws {
    guard configuration.checkpoint.keepBest, trainer.step > 0, eer < bestEER else { return }
    bestEER = eer
    // What was begun for this step is written before the mark is set.
    let isThere = communicator.broadcast(isFirstRank && (writer.wait() && writer.lastWritten == trainer.step))
    guard isThere else { return try beginSave(isBest: true) }
    guard isFirstRank else { return }
    writer.start(step: trainer.step) { [store = folder.checkpoints, step = trainer.step, keep] in
      try store.markBest(step: step)
      try store.prune(keep: keep)
    }
  }

  /// Says which checkpoints could not be written since the last time. Rank 0's.
  func reportSaves() {
    for outcome in writer.takeOutcomes() {
      guard let failure = outcome.failure else { continue }
      note("warning: no checkpoint at step \(outcome.step): \(failure.message); training continues")
    }
  }

  /// Waits for what is being written.
  func finishSaves() {
    writer.wait()
    reportSaves()
  }

  private var keep: Int { configuration.checkpoint.keep }

  /// Whether the trainer's numbers are finite.
  /// - Throws: `AgreedFailure` where the ranks' parameters differ.
  private func isWorthSaving() throws -> Bool {
    guard trainer.ranksAgree else {
      try communicator.agree {
        throw Failure(
          .failed,
          "step \(trainer.step): ranks hold different parameters; the last checkpoint is good: the same command "
            + "resumes from it")
      }
      return false
    }
    return communicator.minimum(trainer.isFinite ? 1 : 0) > 0
  }

  private func startWriting(isBest: Bool) {
    let snapshot = trainer.snapshot(
      configuration: configuration.digest, version: options.version, arithmetic: arithmetic,
      metadata: configuration.encoderMetadata)
    writer.start(step: snapshot.step) { [store = folder.checkpoints, log = metricsLog, keep] in
      // A checkpoint's steps are in the log even where the power fails.
      try log?.sync()
      try store.save(snapshot)
      if isBest { try store.markBest(step: snapshot.step) }
      try store.prune(keep: keep)
    }
  }
}
