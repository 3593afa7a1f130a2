/// The response of a run to a step whose numbers are not finite, as `training.nonFinite` sets it. All ranks call its
/// functions together.
final class NonFiniteResponse {
  private let session: RunSession
  private let checkpoints: CheckpointPolicy
  /// The number of updates left out in a row until now.
  private var skippedInARow = 0

  private var trainer: Trainer { session.trainer }

  init(_ session: RunSession, _ checkpoints: CheckpointPolicy) {
    self.session = session
    self.checkpoints = checkpoints
  }

  /// Notes that the numbers of a step were finite.
  func reset() { skippedInARow = 0 }

  /// Leaves the step's update out, or goes back to the last checkpoint.
  /// - Parameters:
  ///   - place: a clause that says where the step's report is.
  ///   - cutBack: removes what was written of the steps after the given one. It is called on rank 0.
  /// - Returns: the report of the step if it counts although its update was left out; nil after going back.
  /// - Throws: `AgreedFailure` where the run ends.
  func answer(
    _ broken: NonFiniteStep, reportedAt place: String, cutBack: (_ step: Int) throws -> Void
  ) throws -> StepReport? {
    let settings = session.configuration.training
    let limit = settings.nonFiniteLimit
    switch settings.nonFinite {
    case .stop:
      throw try end("\(broken); \(place)") { self.wayOn }
    case .skip:
      guard skippedInARow < limit else {
        throw try end(
          "\(broken), and \(skippedInARow) updates before it were left out (training.nonFiniteLimit); \(place)")
      }
      skippedInARow += 1
      trainer.skip()
      session.note("warning: \(broken): its update is left out; \(place)")
      var report = broken.report
      report.metrics.skipped = Double(trainer.skipped)
      return report
    case .rollback:
      let rollbacks = trainer.batches.rollbacks
      guard rollbacks < limit else {
        throw try end("\(broken), after \(rollbacks) rollbacks (training.nonFiniteLimit); \(place)")
      }
      try checkpoints.goBack(cutBack)
      session.note(
        "warning: \(broken): back to step \(trainer.step) and on with other crops, rollback \(rollbacks + 1) of at most "
          + "\(limit); \(place)")
      try checkpoints.beginAfterGoingBack()
      return nil
    }
  }

  /// The failure that ends the run.
  /// - Parameter wayOn: gives a clause on what the run can go on from; nil for the plain one.
  private func end(_ what: String, _ wayOn: (() -> String)? = nil) throws -> AgreedFailure {
    // A checkpoint that is being written counts too.
    if session.isFirstRank { checkpoints.finish() }
    return try session.end("\(what); \(wayOn?() ?? checkpoints.lastGood)")
  }

  /// A clause on how to go on after a stop.
  private var wayOn: String {
    checkpoints.hasAny
      ? "\(checkpoints.lastGood): resume from it with training.nonFinite=skip or rollback, or with --allow-change "
        + "schedule.learningRate and a lower rate"
      : "\(checkpoints.lastGood): start over with training.nonFinite=skip or rollback, or with a lower schedule.learningRate"
  }

  /// Writes the utterances that the step was computed on, on rank 0.
  /// - Returns: a clause that says where they are; empty on other ranks.
  func write(_ broken: NonFiniteStep) -> String {
    guard session.isFirstRank else { return "" }
    let (batches, folder) = (trainer.batches, session.folder.nonFinitePath)
    let suffix = batches.rollbacks > 0 ? "-rollback-\(batches.rollbacks)" : ""
    let path = "\(folder)/step-\(broken.metrics.step)\(suffix).json"
    do {
      try FileSystem.createFolder(folder)
      let rows = batches.source.sampler.batch(step: trainer.step, rollbacks: batches.rollbacks)
      try AtomicFile.write(
        broken.json(rows: rows, corpus: batches.source.corpus, rollbacks: batches.rollbacks), to: path)
      return "its utterances are in \(path)"
    } catch {
      return "its utterances could not be written: \(error)"
    }
  }
}
