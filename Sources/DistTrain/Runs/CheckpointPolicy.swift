/// Decides when a run saves and which checkpoint is its best, and takes training back to the last good one.
///
/// A checkpoint is written while training goes on. If that fails, the last good one stays. All ranks call each function
/// together, and rank 0 writes.
final class CheckpointPolicy {
  /// The seconds that a due checkpoint waits for the one before. A disk that takes longer costs checkpoints, but does
  /// not stop training.
  private static let patience = 10.0
  /// The least seconds that a checkpoint may take once a stop was asked for.
  private static let shortestGrace = 20.0

  private let session: RunSession
  /// The log that has to be on disk with a checkpoint; nil on ranks other than 0.
  private let log: MetricsLog?
  private let writer = CheckpointWriter()
  private var lastSave = monotonicSeconds()
  /// The seconds that training stood still for checkpoints since they were last asked for.
  private var stoodStill = 0.0
  /// The lowest held-out EER of this run's checkpoints, in percent.
  private var bestEER = Double.infinity

  private var trainer: Trainer { session.trainer }
  private var communicator: any Communicator { session.communicator }
  private var settings: Configuration.Checkpoint { session.configuration.checkpoint }
  private var store: CheckpointStore { session.folder.checkpoints }

  init(_ session: RunSession, log: MetricsLog?) {
    self.session = session
    self.log = log
  }

  var isDueByStep: Bool { settings.everySteps > 0 && trainer.step % settings.everySteps == 0 }

  var isDueByTime: Bool { settings.everyMinutes > 0 && monotonicSeconds() - lastSave >= 60 * settings.everyMinutes }

  /// The seconds that a checkpoint may take: those of the longest so far or, before the first, of a slow disk.
  var expectedSeconds: Double {
    writer.longestSeconds
      ?? Double(trainer.checkpointFloats * MemoryLayout<Float>.stride) / 20e6
  }

  /// The seconds that training stood still for checkpoints since the last call.
  func takeStoodStill() -> Double {
    defer { stoodStill = 0 }
    return stoodStill
  }

  /// Begins a checkpoint of this step.
  /// - Parameter isBest: whether it takes the place of the best one.
  func begin(isBest: Bool = false) throws {
    communicator.announce("the checkpoint of step \(trainer.step)")
    let began = monotonicSeconds()
    defer { stoodStill += monotonicSeconds() - began }
    lastSave = began
    guard try isWorthSaving() else {
      session.note("warning: no checkpoint at step \(trainer.step): parameters are not finite; \(lastGood)")
      return
    }
    let isFree = communicator.broadcast(!session.isFirstRank || writer.wait(atMost: Self.patience))
    guard isFree else {
      session.note(
        "warning: no checkpoint at step \(trainer.step): the one before is still being written; training continues")
      return
    }
    let collected = collectParts()
    if session.isFirstRank { startWriting(collected, isBest: isBest) }
  }

  /// Saves this step, unless that has been done, and waits until it is on disk.
  /// - Throws: `AgreedFailure` where it cannot be written, or parameters are not finite.
  func save() throws {
    communicator.announce("the checkpoint of step \(trainer.step)")
    guard try isWorthSaving() else {
      if session.isFirstRank { finish() }
      throw try session.end("step \(trainer.step): parameters are not finite and are not saved; \(lastGood)")
    }
    if session.isFirstRank { finish() }
    let isThere = communicator.broadcast(session.isFirstRank && writer.lastWritten == trainer.step)
    let collected = isThere ? nil : collectParts()
    try communicator.agree {
      guard session.isFirstRank, let collected else { return }
      startWriting(collected, isBest: false)
      wait()
      if let failure = writer.takeOutcomes().lazy.compactMap(\.failure).first { throw failure }
    }
    lastSave = monotonicSeconds()
  }

  /// Saves this step, or warns if it cannot be written: then training goes on, or ends for another reason, and the last
  /// good checkpoint stays.
  func saveOrWarn() throws {
    do {
      try save()
    } catch let agreed as AgreedFailure where agreed.failure.kind == .failed {
      session.note("warning: no checkpoint at step \(trainer.step): \(agreed.failure.message)")
    }
  }

  /// Saves this step in another run folder than before, as `saveOrWarn` does.
  func saveElsewhere() throws {
    if session.isFirstRank { finish() }
    writer.note(written: nil)
    try saveOrWarn()
  }

  /// Whether steps are not in the log, because they could not be written; rank 0 knows.
  var isLogBehind: Bool { log?.isBehind ?? false }

  /// Whether this step's checkpoint is written; rank 0 knows.
  var isWritten: Bool { writer.lastWritten == trainer.step }

  /// Makes this step's checkpoint the best if its held-out EER, in percent, is the lowest, and begins the checkpoint if
  /// there is none yet.
  func keepIfBest(eer: Double) throws {
    guard settings.keepBest, trainer.step > 0, eer < bestEER else { return }
    bestEER = eer
    // A checkpoint that was begun for this step is written before the mark is set.
    if session.isFirstRank { wait() }
    let isThere = communicator.broadcast(session.isFirstRank && writer.lastWritten == trainer.step)
    guard isThere else { return try begin(isBest: true) }
    guard session.isFirstRank else { return }
    writer.start(step: trainer.step) { [store, step = trainer.step, keep = settings.keep] in
      try store.markBest(step: step)
      try store.prune(keep: keep)
    }
  }

  /// Reports the checkpoints that could not be written since the last call.
  func report() {
    for outcome in writer.takeOutcomes() {
      guard let failure = outcome.failure else { continue }
      session.note("warning: no checkpoint at step \(outcome.step): \(failure.message); training continues")
    }
  }

  /// Waits for the checkpoint that is being written, and reports those that could not be.
  func finish() {
    wait()
    report()
  }

  /// Waits for the checkpoint that is being written. After a request to stop, a disk that does not answer is waited for
  /// no longer than a grace: then the process ends here, because nothing that needs the disk would come to an end.
  func wait() {
    var asked: Double?
    let grace = max(Self.shortestGrace, 3 * expectedSeconds)
    let hasEnded = writer.wait {
      guard StopRequest.received != nil else { return false }
      let began = asked ?? monotonicSeconds()
      asked = began
      return monotonicSeconds() - began > grace
    }
    if hasEnded { return }
    communicator.abort(
      Failure(
        isWritten ? .stopped : .failed,
        "\(store.path): what is being written did not end within \(Int(grace)) s of the request to stop: the run ends "
          + (isWritten
            ? "after step \(trainer.step), whose checkpoint is written"
            : "without a checkpoint of step \(trainer.step)")))
  }

  /// Whether there is a checkpoint to go on from.
  var hasAny: Bool { (try? store.steps().isEmpty) == false }

  /// A clause on what the run can go on from.
  var lastGood: String { hasAny ? "the last checkpoint is good" : "there is no checkpoint yet" }

  /// Counts the step that the trainer goes on from as saved, and finds the best of the checkpoints up to it.
  func takeUp() throws {
    writer.note(written: trainer.step)
    bestEER = communicator.broadcast(
      try communicator.agree { session.isFirstRank ? try markBest() : .infinity })
  }

  /// Takes the trainer back to the newest checkpoint, or to its beginning if there is none, to go on with other crops.
  /// - Parameter cutBack: removes what was written of the steps after the given one. It is called on rank 0.
  func goBack(_ cutBack: (_ step: Int) throws -> Void) throws {
    let rollbacks = trainer.batches.rollbacks + 1
    if session.isFirstRank { finish() }
    let path = communicator.broadcast(
      try communicator.agree { session.isFirstRank ? try RunStart(session).newestPath() : "" })
    if path.isEmpty {
      try RunStart(session).beginAgain()
    } else {
      try communicator.agree { try trainer.restore(Checkpoint(verifying: path)) }
    }
    trainer.batches.rollbacks = rollbacks
    try communicator.agree { if session.isFirstRank { try cutBack(trainer.step) } }
  }

  /// Saves that training went back, so that a run that is killed before the next checkpoint goes on with other crops
  /// too.
  func beginAfterGoingBack() throws {
    writer.note(written: nil)
    try begin()
  }

  /// Whether the trainer's numbers are finite.
  /// - Throws: `AgreedFailure` where the ranks' parameters differ.
  private func isWorthSaving() throws -> Bool {
    guard trainer.ranksAgree else {
      if session.isFirstRank { finish() }
      let end = hasAny ? "resumes the run from it" : "starts it over"
      throw try session.end(
        "step \(trainer.step): ranks hold different parameters; \(lastGood): the same command \(end)")
    }
    return communicator.minimum(trainer.isFinite ? 1 : 0) > 0
  }

  /// Collects on rank 0 what other ranks hold of a checkpoint.
  private func collectParts() -> Result<[NamedTensor], Failure> {
    if session.isFirstRank { try? FileSystem.createFolder(store.path) }
    return trainer.collectParts(at: store.collectionPath)
  }

  private func startWriting(_ collected: Result<[NamedTensor], Failure>, isBest: Bool) {
    let parts: [NamedTensor]
    switch collected {
    case .success(let tensors): parts = tensors
    case .failure(let failure): return writer.start(step: trainer.step) { throw failure }
    }
    let configuration = session.configuration
    let snapshot = trainer.snapshot(
      configuration: configuration.digest, version: session.options.version, arithmetic: session.arithmetic,
      metadata: configuration.encoderMetadata, collected: parts)
    writer.start(step: snapshot.step) { [store, log, keep = settings.keep] in
      // The steps of a checkpoint are in the log even if the power fails.
      try log?.sync()
      try store.save(snapshot)
      if isBest { try store.markBest(step: snapshot.step) }
      try store.prune(keep: keep)
    }
  }

  /// Marks the checkpoint with the lowest EER among those that exist as the best. A run may have been killed before it
  /// did so, or the marked one may be of a step after the one that this run goes on from.
  /// - Returns: its EER in percent; infinite if no checkpoint was evaluated.
  private func markBest() throws -> Double {
    guard settings.keepBest else { return .infinity }
    let results = EvaluationResults(session.folder)
    let steps = try store.steps().filter { $0 > 0 && $0 <= trainer.step }
    let evaluated = results.results(ofSteps: steps) { session.note("warning: \($0)") }
    guard let best = evaluated.min(by: { ($0.result.eer, $0.step) < ($1.result.eer, $1.step) }) else {
      try store.forgetBest()
      return .infinity
    }
    if store.best != best.step { try store.markBest(step: best.step) }
    return best.result.eer
  }
}
