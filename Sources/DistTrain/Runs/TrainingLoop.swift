/// A run from its first or next step to its last: steps, checkpoints, evaluations, and a stop on request.
package final class TrainingLoop {
  /// The way in which a run came to its end.
  package enum Ending: Sendable {
    /// The run took its last step.
    case finished
    /// The run stopped on request, with a checkpoint from which it goes on.
    case stopped
  }

  private let session: RunSession
  private let checkpoints: CheckpointPolicy
  private let evaluations: RunEvaluations
  private let nonFinite: NonFiniteResponse
  private let rankLog: RankLog
  private let timeline: StepTimeline?
  private let observers: [any StepObserver]
  private var pace = StepPace()
  /// The start, until it is written down.
  private var unrecorded: RunStart.Begun?
  /// Nil without a time limit, and on other ranks than 0.
  private var limit: TimeLimitWatch?
  /// The time at which the run would have begun on this process's clock, had it been one start.
  private let began: Double

  private var trainer: Trainer { session.trainer }
  private var communicator: any Communicator { session.communicator }
  private var isFinished: Bool { trainer.step >= session.steps }

  /// Takes up the newest checkpoint, if there is one. All ranks call this together.
  /// - Throws: `AgreedFailure`, on all ranks.
  package init(_ session: RunSession) throws {
    self.session = session
    let begun = try RunStart(session).takeUp()
    unrecorded = begun
    let log = try session.communicator.agree {
      session.isFirstRank ? try MetricsLog(path: session.folder.metricsPath) : nil
    }
    began = try session.communicator.agree {
      try log?.cutBack(to: session.trainer.step)
      return session.began - (try log?.elapsedSeconds() ?? 0)
    }
    checkpoints = CheckpointPolicy(session, log: log)
    let tensorBoard = try session.communicator.agree { try Self.tensorBoard(session) }
    evaluations = try RunEvaluations(session, tensorBoard)
    nonFinite = NonFiniteResponse(session, checkpoints)
    rankLog = Self.rankLog(session)
    timeline = session.options.timeline.map {
      StepTimeline(path: session.folder.timelinePath, steps: $0, communicator: session.communicator)
    }
    let ofAllRanks: [(any StepObserver)?] = [rankLog, timeline]
    observers =
      try ofAllRanks.compactMap(\.self) + Self.observers(session, log, evaluations) + [tensorBoard].compactMap(\.self)
    if let checkpoint = begun.checkpoint {
      try checkpoints.takeUp()
      let stage = stage.map { " in \($0)" } ?? ""
      session.note("resuming from step \(trainer.step)\(stage), \(checkpoint)")
      if isFinished { session.note(finished) }
    } else {
      try recordStart()
    }
    session.note(timeline?.remark(after: trainer.step, last: session.steps))
    for text in trainer.notes { session.note("note: \(text)") }
    session.note(trainer.average?.note)
  }

  /// Writes down how the run was started, once. One that goes on has taken a step by then, or has none to take: its
  /// settings are those of the start before until this one has succeeded.
  private func recordStart() throws {
    guard let begun = unrecorded else { return }
    unrecorded = nil
    try RunStart(session).record(begun)
  }

  /// The stage of the last step in words; nil in a run of one piece.
  private var stage: String? { trainer.plan.stage.count > 1 ? trainer.plan.stage.description : nil }

  /// Says which stage began with the step that was taken.
  private func noteBeginningOfStage() {
    let steps = trainer.plan.stage.steps
    guard let stage, trainer.step == steps.lowerBound + 1 else { return }
    session.note("\(stage) begins: steps \(steps.lowerBound + 1) to \(steps.upperBound)")
  }

  /// A line that says that nothing is left to train. The run's end tells how good the encoder is.
  private var finished: String {
    let done = "\(session.steps == 1 ? "its only step is" : "all its \(session.steps) steps are") done"
    if evaluations.isDue { return "\(done), and the last evaluation is still to be made" }
    return "this run is finished: \(done); --restart starts over"
  }

  private static func tensorBoard(_ session: RunSession) throws -> TensorBoardLog? {
    guard session.isFirstRank, session.configuration.training.tensorboard else { return nil }
    return try TensorBoardLog(session.folder, session.configuration, after: session.trainer.step)
  }

  private static func rankLog(_ session: RunSession) -> RankLog {
    let trainer = session.trainer
    return RankLog(
      path: session.folder.ranksPath, after: trainer.step, last: session.steps, communicator: session.communicator,
      rows: { trainer.batches.cut(rows: trainer.plan.batches.sampler.rows).counts }, note: session.note)
  }

  /// The observers of the steps, in the order in which they hear of them.
  private static func observers(
    _ session: RunSession, _ log: MetricsLog?, _ evaluations: RunEvaluations
  ) throws -> [any StepObserver] {
    let (folder, trainer) = (session.folder, session.trainer)
    return try session.communicator.agree {
      var observers: [any StepObserver] = []
      if session.options.logsBatches {
        observers.append(
          try BatchLog(
            path: folder.batchesPath, of: trainer.batches, after: trainer.step,
            communicator: session.communicator))
      }
      guard session.isFirstRank, let log else { return observers }
      observers.append(
        try BadUtteranceLog(path: folder.badUtterancesPath, of: trainer.batches, after: trainer.step))
      observers += [AveragedUtterances(of: trainer.batches), AbsentObjectives(trainer.plan.objectives.all)]
      return observers + [LossSpikes(), session.progress, log, evaluations]
    }
  }

  /// Trains to the last step, or until a signal on any rank or the time limit asks for a stop.
  package func run() throws -> Ending {
    defer {
      checkpoints.wait()
      session.close()
    }
    session.foretellMemory()
    if session.isFirstRank { limit = session.options.timeLimit.map { TimeLimitWatch($0, say: session.note) } }
    if try evaluateIfDue(), let reason = try vote().stop { return try stop(reason) }
    while !isFinished {
      try step()
      try recordStart()
      var wish = try vote()
      if wish.stop == nil, !isFinished {
        if wish.save || checkpoints.isDueByStep { try checkpoints.begin() }
        if try evaluateIfDue() { wish = try vote() }
      }
      if let reason = wish.stop { return try stop(reason) }
    }
    try recordStart()
    try checkpoints.save()
    if try evaluateIfDue(), let reason = try vote().stop { return try stop(reason) }
    checkpoints.finish()
    session.note(losses)
    session.note(AveragedUtterances.summary(trainer.batches))
    if session.isFirstRank { for line in EvaluationResults.summaries(session.folder) { session.note(line) } }
    session.conclude(.finished, "done: \(trainer.step.counted("step")), \(session.folder.path)")
    return .finished
  }

  /// Takes a step, or does what `training.nonFinite` says in its place. If data end the run before the step begins, the
  /// steps so far are saved first.
  private func step() throws {
    try checkBadFraction()
    do {
      var report = try trainer.advance()
      nonFinite.reset()
      pace.add(report.metrics.totalSeconds)
      note(&report.metrics)
      noteBeginningOfStage()
      for one in observers { one.took(report, note: session.note) }
    } catch let broken as NonFiniteStep {
      let place = nonFinite.write(broken)
      for one in observers { one.broke(broken, note: session.note) }
      let skipped = try nonFinite.answer(broken, reportedAt: place) { step in
        for one in observers { try one.wentBack(to: step) }
      }
      guard var skipped else { return }
      note(&skipped.metrics)
      for one in observers { one.skipped(skipped, note: session.note) }
    } catch let agreed as AgreedFailure where agreed.failure.kind == .stopped {
      // A wait for recordings ended; the vote says why.
    } catch let agreed as AgreedFailure where agreed.failure.kind == .badData {
      if trainer.step > 0 { try checkpoints.saveOrWarn() }
      throw agreed
    }
  }

  /// Adds what the run knows of a step and the step does not.
  private func note(_ metrics: inout StepMetrics) {
    metrics.checkpointSeconds = checkpoints.takeStoodStill()
    metrics.elapsedSeconds = monotonicSeconds() - began
  }

  /// Ends the run if more of the corpus is unreadable than may be. The steps so far are saved.
  /// - Throws: `AgreedFailure`, on all ranks, which all know the same utterances.
  private func checkBadFraction() throws {
    let most = session.options.maxBadFraction
    let corpus = trainer.plan.batches.corpus
    let (lost, damaged) = (corpus.lost, corpus.damaged)
    let bad = trainer.batches.unreadable.count + lost
    let all = corpus.utterances.count + lost
    guard Double(bad) > most * Double(all) else { return }
    if trainer.step > 0 { try checkpoints.saveOrWarn() }
    let percent = 100 * Double(bad) / Double(all)
    let list = session.folder.badUtterancesPath
    try communicator.agree {
      throw Failure(
        .badData,
        "\(bad) of \(all) utterances (\((percent * 10).rounded() / 10) %) cannot be read, more than --max-bad-fraction "
          + "\(most) allows; " + (damaged == bad ? "" : "\(list) lists \(damaged == 0 ? "them" : "\(bad - damaged)"); ")
          + (damaged == 0 ? "" : "\(damaged) are in damaged shards; ")
          + "repair the files, or leave them out with svdist prepare")
    }
  }

  /// A line that counts what could not be read in all the run; nil where that is nothing.
  private var losses: String? {
    let corpus = trainer.plan.batches.corpus
    let utterances = Set(trainer.batches.unreadable.map { Name(corpus.listedID($0)) }).count
    let recordings = trainer.batches.unreadableRecordings.count
    let parts = [
      utterances == 0 ? nil : utterances.counted("utterance"),
      recordings == 0 ? nil : "\(recordings.counted("recording")) to augment with",
    ].compactMap { $0 }
    guard !parts.isEmpty else { return nil }
    return "\(parts.joined(separator: " and ")) could not be read and had "
      + (utterances + recordings).ifOne("another in its place: ", "others in their place: ")
      + "\(session.folder.badUtterancesPath) lists "
      + (utterances + recordings).ifOne("it", "them")
  }

  /// Evaluates if that is due, and keeps the checkpoint if it is the best.
  /// - Returns: whether it was due, so that ranks may have been asked to stop meanwhile.
  private func evaluateIfDue() throws -> Bool {
    guard case .tried(let eer) = try evaluations.evaluateIfDue() else { return false }
    if let eer { try checkpoints.keepIfBest(eer: eer) }
    return true
  }

  /// The requests of ranks after a step, which are the same on all of them.
  private struct Wish {
    /// The reason why the run is to stop; nil if it goes on.
    var stop: String?
    /// Whether a checkpoint is due by the clock.
    var save: Bool
  }

  /// Asks all ranks, since a signal may have come to any of them. The clock of rank 0 counts for all.
  /// - Throws: `AgreedFailure` where the run folder is lost.
  private func vote() throws -> Wish {
    let isFirst = session.isFirstRank
    let signal = StopRequest.received ?? 0
    let (isOver, isDue) = (isFirst && timeIsUp, isFirst && checkpoints.isDueByTime)
    // Nothing is written into a folder that is not the run's any more.
    session.lookAfterFolder(
      now: signal != 0 || isOver || isDue || isFinished || checkpoints.isDueByStep || checkpoints.isLogBehind)
    let asked = communicator.maximum([
      Double(signal), isOver ? 1 : 0, isDue ? 1 : 0, session.folderLoss == nil ? 0 : 1,
    ])
    checkpoints.report()
    if asked[3] > 0 { throw try endWithoutFolder() }
    var reason: String?
    if asked[1] > 0 { reason = "before the time limit (\(limit?.source ?? "rank 0"))" }
    if asked[0] > 0 { reason = "by \(StopRequest.name(Int32(asked[0])))" }
    return Wish(stop: reason, save: asked[2] > 0)
  }

  /// Saves a checkpoint where the run folder is now, or in one of its name where it was removed, but not in one that
  /// another process has.
  /// - Returns: the failure that ends the run, as all ranks throw it.
  private func endWithoutFolder() throws -> AgreedFailure {
    let path = session.folder.path
    let isFollowed = communicator.broadcast(session.isFirstRank && session.followFolder())
    if isFollowed, trainer.step > 0 { try checkpoints.saveElsewhere() }
    let end = "while it was in use: this run ends after step \(trainer.step)"
    let isKept = isFollowed && checkpoints.isWritten
    switch session.folderLoss {
    case .moved(let place):
      return try session.end(
        "the run folder \(path) was moved to \(place) \(end)\(isKept ? ", whose checkpoint is there" : ""): move it back, or "
          + "name it with --run-dir")
    case .removed:
      return try session.end(
        "the run folder \(path) was removed \(end)"
          + (isKept
            ? ", whose checkpoint is in a new one, without the steps' log: the same command resumes the run"
            : " without a checkpoint"))
    default:
      return try session.end("another process took the run folder \(path): this one ends without a checkpoint")
    }
  }

  /// Saves a checkpoint and says why the run stops.
  private func stop(_ reason: String) throws -> Ending {
    try recordStart()
    try checkpoints.save()
    rankLog.finish(note: session.note)
    timeline?.finish(note: session.note)
    session.note(AveragedUtterances.summary(trainer.batches))
    session.conclude(.stopped, "stopped \(reason) after step \(trainer.step): the same command resumes the run")
    return .stopped
  }

  /// Whether the job's time limit leaves no time for the next evaluation or step and a checkpoint.
  private var timeIsUp: Bool {
    guard let limit, !isFinished || evaluations.isDue else { return false }
    return limit.isReached(
      checkpoint: checkpoints.expectedSeconds,
      next: pace.longestStep + (evaluations.isDue ? 1.5 * evaluations.seconds : 0))
  }
}
