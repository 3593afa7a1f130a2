extension TrainingRun {
  /// Does what the settings say about a step whose numbers are not finite; all ranks are here together.
  func handle(_ broken: NonFiniteStep) throws {
    let report = writeReport(broken)
    if isFirstRank { record(broken.unreadable, step: broken.metrics.step) }
    let limit = configuration.training.nonFiniteLimit
    switch configuration.training.nonFinite {
    case .stop:
      throw try end(
        "\(broken); \(report); the last checkpoint is good: resume from it with training.nonFinite=skip or rollback, or "
          + "with --allow-change schedule.learningRate and a lower rate")
    case .skip:
      guard skippedInARow < limit else {
        throw try end(
          "\(broken), and \(skippedInARow) updates before it were left out (training.nonFiniteLimit); \(report); the last "
            + "checkpoint is good")
      }
      skippedInARow += 1
      trainer.skip()
      note("warning: \(broken): its update is left out; \(report)")
      var metrics = broken.metrics
      metrics.skipped = Double(trainer.skipped)
      recordBatch(metrics)
      if isFirstRank { log(metrics) }
    case .rollback:
      guard trainer.rollbacks < limit else {
        throw try end(
          "\(broken), after \(trainer.rollbacks) rollbacks (training.nonFiniteLimit); \(report); the last checkpoint is "
            + "good")
      }
      try rollBack(broken, report)
    }
  }

  /// Goes back to the newest checkpoint, to the beginning where there is none, and on with other crops.
  private func rollBack(_ broken: NonFiniteStep, _ report: String) throws {
    let rollbacks = trainer.rollbacks + 1
    if isFirstRank { finishSaves() }
    let path = communicator.broadcast(try communicator.agree { isFirstRank ? try newestPath() : "" })
    if path.isEmpty {
      trainer.begin()
    } else {
      try communicator.agree { try trainer.restore(Checkpoint(verifying: path)) }
    }
    trainer.rollbacks = rollbacks
    try communicator.agree { if isFirstRank { try cutBack(to: trainer.step) } }
    note(
      "warning: \(broken): back to step \(trainer.step) and on with other crops, rollback \(rollbacks) of at most "
        + "\(configuration.training.nonFiniteLimit); \(report)")
    // A run that is killed before the next checkpoint goes on with the crops of this rollback.
    writer.note(written: nil)
    try beginSave()
  }

  /// Writes what the step was computed on.
  /// - Returns: where it is, for people.
  private func writeReport(_ broken: NonFiniteStep) -> String {
    let suffix = trainer.rollbacks > 0 ? "-rollback-\(trainer.rollbacks)" : ""
    let path = "\(folder.nonFinitePath)/step-\(broken.metrics.step)\(suffix).json"
    guard isFirstRank else { return "" }
    do {
      try FileSystem.createFolder(folder.nonFinitePath)
      let rows = trainer.plan.sampler.batch(step: trainer.step, rollbacks: trainer.rollbacks)
      try AtomicFile.write(
        broken.report(rows: rows, corpus: trainer.plan.corpus, rollbacks: trainer.rollbacks), to: path)
      return "its utterances are in \(path)"
    } catch {
      return "its utterances could not be written: \(error)"
    }
  }

  /// The failure that ends the run, as all ranks throw it.
  private func end(_ message: String) throws -> AgreedFailure {
    do {
      let line = communicator.broadcast(message)
      try communicator.agree { throw Failure(.failed, line) }
    } catch let agreed as AgreedFailure {
      return agreed
    }
    preconditionFailure("what is thrown is caught")
  }
}
