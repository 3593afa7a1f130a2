import Foundation

/// A run from its start or its last checkpoint to its end: steps, evaluations, checkpoints, reports.
package final class TrainingRun {
  /// What changes how a run goes but not its result.
  package struct Options: Sendable {
    /// The run folder's path.
    package var folder: String
    /// Start anew where the run folder holds checkpoints.
    package var restart = false
    /// Settings that may differ from those of the run that goes on, by their keys or those of their groups.
    package var allowedChanges: [String] = []
    /// When the run has to have ended; nil for no limit.
    package var timeLimit: TimeLimit?
    /// Steps between lines of progress.
    package var logEvery = 10
    /// Threads of each rank that load the next batch.
    package var readers = 1
    /// Seconds that a batch may take to be read.
    package var patience = Double.infinity
    /// The part of the corpus's utterances that may turn out unreadable before the run ends.
    package var maxBadFraction = 0.1
    /// Whether `batches.jsonl` says what every row was.
    package var logsBatches = false
    /// svdist's version, kept with checkpoints.
    package var version: String

    package init(folder: String, version: String) {
      self.folder = folder
      self.version = version
    }
  }

  /// How a run came to its end.
  package enum Ending: Sendable {
    /// With its last step.
    case finished
    /// On request, with a checkpoint from which it goes on.
    case stopped
  }

  let configuration: Configuration
  let options: Options
  let communicator: any Communicator
  let trainer: Trainer
  let evaluation: HeldOutEvaluation?
  let folder: RunFolder
  let progress: ProgressReport
  /// What all ranks compute with.
  let arithmetic: Arithmetic
  /// Rank 0 alone writes.
  var metricsLog: MetricsLog?
  var badUtteranceLog: BadUtteranceLog?
  var batchLog: StepLog?
  private let lock: RunLock?
  let writer = CheckpointWriter()
  /// Why an objective is left out of the steps at present.
  private var leftOut: String?
  private var spikes = LossSpikes()
  var lastSave = monotonicSeconds()
  /// Seconds that training stood still for checkpoints since the last step.
  var checkpointSeconds = 0.0
  /// The lowest held-out EER of this run's checkpoints, in percent.
  var bestEER = Double.infinity
  /// Updates left out one after the other until now.
  var skippedInARow = 0
  var pace = StepPace()

  var isFirstRank: Bool { communicator.rank == 0 }

  /// Opens the corpora and the run folder and takes up the newest checkpoint.
  /// - Throws: `AgreedFailure`, on all ranks.
  package init(_ configuration: Configuration, options: Options, communicator: any Communicator) throws {
    self.configuration = configuration
    self.options = options
    self.communicator = communicator
    let (plan, evaluation) = try communicator.agree {
      try TrainingPlan.checkRows(configuration, ranks: communicator.size)
      return (try TrainingPlan(configuration), try Self.evaluation(configuration))
    }
    self.evaluation = evaluation
    arithmetic = .here(plan.precision)
    try arithmetic.agree(communicator)
    try plan.corpus.agree(configuration.corpus.train ?? "", communicator)
    trainer = Trainer(
      encoder: configuration.network, plan: plan, communicator: communicator, readers: options.readers,
      patience: options.patience)
    // Rank 0 makes the folder, the others find it.
    try communicator.agree { if communicator.rank == 0 { _ = try RunFolder(creating: options.folder) } }
    folder = try communicator.agree { try RunFolder(creating: options.folder) }
    progress = ProgressReport(steps: plan.steps, everySteps: options.logEvery)
    lock = try communicator.agree { [progress] in
      guard communicator.rank == 0 else { return nil }
      return try RunLock(folder: options.folder) { progress.note($0) }
    }
    if isFirstRank, !plan.corpus.damages.isEmpty {
      progress.note("warning: " + plan.corpus.damages.summary(in: configuration.corpus.train ?? ""))
    }
    try takeUp()
    metricsLog = try communicator.agree {
      communicator.rank == 0 ? try MetricsLog(path: folder.metricsPath) : nil
    }
    try communicator.agree { try metricsLog?.cutBack(to: trainer.step) }
    try openDataLogs()
    for text in plan.notes { note("note: \(text)") }
  }

  /// Says what the steps will take of memory, and where that is more than there is: a job that the kernel kills for its
  /// memory says nothing. All ranks call this together.
  private func foretellMemory() {
    let ranks = communicator.gatherValues(MemoryOutlook(ahead: trainer.memoryAhead()))
    note(MemoryOutlook.summary(ranks))
    for text in MemoryOutlook.warnings(ranks, hosts: communicator.hosts) { note("warning: \(text)") }
  }

  private static func evaluation(_ configuration: Configuration) throws -> HeldOutEvaluation? {
    switch (configuration.corpus.evaluation, configuration.corpus.trials) {
    case (let corpus?, let trials?): return try HeldOutEvaluation(corpus: corpus, trials: trials)
    case (nil, nil): return nil
    default: throw Failure(.usage, "corpus.evaluation and corpus.trials belong together: set both or neither")
    }
  }

  /// Trains to the last step, or until a signal on any rank or the time limit asks for a stop.
  package func run() throws -> Ending {
    defer {
      writer.wait()
      lock?.release()
      progress.finish()
    }
    foretellMemory()
    note(limitNote)
    if try evaluateIfDue(), let reason = try vote().stop { return try stop(reason) }
    while !isFinished {
      try step()
      var wish = try vote()
      if wish.stop == nil, !isFinished {
        if wish.save || saveIsDueByStep { try beginSave() }
        if try evaluateIfDue() { wish = try vote() }
      }
      if let reason = wish.stop { return try stop(reason) }
    }
    try save()
    if try evaluateIfDue(), let reason = try vote().stop { return try stop(reason) }
    finishSaves()
    note("done: \(trainer.step) steps, \(folder.path)")
    return .finished
  }

  var isFinished: Bool { trainer.step >= configuration.training.steps }

  /// A step, or what `training.nonFinite` has in its place; where data end the run before it began, the steps so far are
  /// kept first.
  private func step() throws {
    try checkBadFraction()
    do {
      let (metrics, unreadable) = try trainer.advance()
      skippedInARow = 0
      recordBatch(metrics)
      record(metrics, unreadable)
    } catch let broken as NonFiniteStep {
      try handle(broken)
    } catch let agreed as AgreedFailure where agreed.failure.kind == .badData {
      if trainer.step > 0 { try saveOrWarn() }
      throw agreed
    }
  }

  private func record(_ metrics: StepMetrics, _ unreadable: [BatchLoader.Unreadable]) {
    pace.add(metrics.totalSeconds)
    guard isFirstRank else { return }
    record(unreadable, step: metrics.step)
    noteAbsence(metrics)
    if let spike = spikes.add(metrics) { note("warning: step \(metrics.step): \(spike)") }
    progress.report(metrics)
    log(metrics)
  }

  /// Writes a step's line.
  func log(_ metrics: StepMetrics) {
    var metrics = metrics
    metrics.checkpointSeconds = checkpointSeconds
    checkpointSeconds = 0
    do {
      try metricsLog?.append(metrics)
    } catch {
      note("the step is not in the log: \(error)")
    }
  }

  /// Says when an objective begins to be left out of the steps, and when it is back.
  private func noteAbsence(_ metrics: StepMetrics) {
    var absence: String?
    if metrics.anchors == 0 {
      absence = "no row has a positive: the contrastive loss is left out"
    } else if metrics.contrastiveGradientNorm == 0 {
      absence = "the contrastive gradient is zero: it is left out"
    } else if metrics.classificationGradientNorm == 0 {
      absence = "the classification gradient is zero: it is left out"
    }
    if absence != leftOut { note("step \(metrics.step): \(absence ?? "both losses are in again")") }
    leftOut = absence
  }

  /// Rank 0 prints a line, where there is one.
  func note(_ text: String?) {
    if isFirstRank, let text { progress.note(text) }
  }

  /// Whether rank 0 lost the run folder to another process.
  var isLockLost: Bool { lock?.isLost ?? false }
}
