import Foundation

/// A run from its start or its last checkpoint to its end: steps, evaluations, checkpoints, reports.
package final class TrainingRun {
  /// What changes how a run goes but not its result.
  package struct Options: Sendable {
    /// The run folder's path.
    package var folder: String
    /// Start anew where the run folder holds checkpoints.
    package var restart = false
    /// Steps between lines of progress.
    package var logEvery = 10
    /// Threads of each rank that load the next batch.
    package var readers = 1
    /// svdist's version, kept with checkpoints.
    package var version: String

    package init(folder: String, version: String) {
      self.folder = folder
      self.version = version
    }
  }

  let configuration: Configuration
  let options: Options
  let communicator: any Communicator
  let trainer: Trainer<ECAPATDNN>
  let evaluation: HeldOutEvaluation?
  let folder: RunFolder
  let progress: ProgressReport
  /// Rank 0 alone writes.
  private var metricsLog: MetricsLog?
  /// Why an objective is left out of the steps at present.
  private var leftOut: String?
  private var lastSave = monotonicSeconds()
  /// The step of the checkpoint that was written or read last.
  var lastSavedStep: Int?

  var isFirstRank: Bool { communicator.rank == 0 }

  /// Opens the corpora and the run folder and takes up the newest checkpoint.
  /// - Throws: `AgreedFailure`, on all ranks.
  package init(_ configuration: Configuration, options: Options, communicator: any Communicator) throws {
    self.configuration = configuration
    self.options = options
    self.communicator = communicator
    let (plan, evaluation) = try communicator.agree {
      try Self.checkRows(configuration, ranks: communicator.size)
      return (try Self.plan(configuration), try Self.evaluation(configuration))
    }
    self.evaluation = evaluation
    try plan.corpus.agree(configuration.corpus.train ?? "", communicator)
    trainer = Trainer(
      encoder: ECAPATDNN(configuration), plan: plan, communicator: communicator, readers: options.readers)
    // Rank 0 makes the folder, the others find it.
    try communicator.agree { if communicator.rank == 0 { _ = try RunFolder(creating: options.folder) } }
    folder = try communicator.agree { try RunFolder(creating: options.folder) }
    progress = ProgressReport(steps: plan.steps, everySteps: options.logEvery)
    if isFirstRank, !plan.corpus.damages.isEmpty {
      progress.note("warning: " + plan.corpus.damages.summary(in: configuration.corpus.train ?? ""))
    }
    try takeUp()
    metricsLog = try communicator.agree {
      communicator.rank == 0 ? try MetricsLog(path: folder.metricsPath) : nil
    }
    try communicator.agree { try metricsLog?.cutBack(to: trainer.step) }
  }

  static func checkRows(_ configuration: Configuration, ranks: Int) throws {
    let rows = configuration.batch.rows
    if ranks > rows {
      throw Failure(
        .usage,
        "\(ranks) ranks for a global batch of \(rows) rows (batch.speakers · utterances · views): start at most \(rows)"
      )
    }
  }

  static func plan(_ configuration: Configuration) throws -> TrainingPlan {
    guard let path = configuration.corpus.train else {
      throw Failure(.usage, "corpus.train: not set: name a data directory, --set corpus.train=DIR")
    }
    return try TrainingPlan(configuration, corpus: Corpus.open(path))
  }

  private static func evaluation(_ configuration: Configuration) throws -> HeldOutEvaluation? {
    switch (configuration.corpus.evaluation, configuration.corpus.trials) {
    case (let corpus?, let trials?): return try HeldOutEvaluation(corpus: corpus, trials: trials)
    case (nil, nil): return nil
    default: throw Failure(.usage, "corpus.evaluation and corpus.trials go together: set both or none")
    }
  }

  /// Trains to the last step, or until a signal on any rank asks for a stop.
  package func run() throws -> ExitStatus {
    while true {
      if trainer.step >= configuration.training.steps, lastSavedStep != trainer.step { try save() }
      try evaluateIfDue()
      if trainer.step >= configuration.training.steps { break }
      let (metrics, unreadable) = try advance()
      record(metrics, unreadable)
      // Every rank decides by the same numbers.
      let asked = communicator.maximum([
        Double(StopRequest.received ?? 0), isFirstRank && saveIsDueByTime ? 1 : 0,
      ])
      if asked[0] > 0 {
        try save()
        note("stopped by \(StopRequest.name(Int32(asked[0]))) after step \(trainer.step): the same command goes on")
        progress.finish()
        return .stopped
      }
      if trainer.step < configuration.training.steps, asked[1] > 0 || saveIsDueByStep { try saveOrWarn() }
    }
    progress.finish()
    note("done: \(trainer.step) steps, \(folder.path)")
    return .done
  }

  /// A step; where data end it before it began, the steps so far are kept first.
  private func advance() throws -> (StepMetrics, [BatchLoader.Unreadable]) {
    do {
      return try trainer.advance()
    } catch let agreed as AgreedFailure where agreed.failure.status == .badData {
      if trainer.step > 0, lastSavedStep != trainer.step { try saveOrWarn() }
      progress.finish()
      throw agreed
    }
  }

  private var saveIsDueByStep: Bool {
    let every = configuration.checkpoint.everySteps
    return every > 0 && trainer.step % every == 0
  }

  private var saveIsDueByTime: Bool {
    let minutes = configuration.checkpoint.everyMinutes
    return minutes > 0 && monotonicSeconds() - lastSave >= 60 * minutes
  }

  private func record(_ metrics: StepMetrics, _ unreadable: [BatchLoader.Unreadable]) {
    guard isFirstRank else { return }
    for one in unreadable {
      let id = trainer.plan.corpus.utterances[one.utterance].id
      note("utterance \(id) is replaced by others of its speaker from now on: \(one.reason)")
    }
    noteAbsence(metrics)
    progress.report(metrics)
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

  /// Rank 0 prints a line.
  func note(_ text: String) {
    if isFirstRank { progress.note(text) }
  }

  /// A checkpoint on the way: where it cannot be written training goes on, and the last good one stays.
  private func saveOrWarn() throws {
    do {
      try save()
    } catch let agreed as AgreedFailure where agreed.failure.status == .failed {
      note("warning: no checkpoint at step \(trainer.step): \(agreed.failure.message); training goes on")
      lastSave = monotonicSeconds()
    }
  }

  private func save() throws {
    let ranksAgree = trainer.ranksAgree
    try communicator.agree {
      guard ranksAgree else {
        throw Failure(.failed, "step \(trainer.step): ranks hold different parameters; the last checkpoint is good")
      }
      guard communicator.rank == 0 else { return }
      try folder.checkpoints.save(
        encoder: trainer.encoderTensors, optimizer: trainer.optimizerTensors,
        state: trainer.state(configuration: configuration.digest, version: options.version),
        metadata: configuration.encoderMetadata)
      try folder.checkpoints.prune(keep: configuration.checkpoint.keep)
    }
    lastSave = monotonicSeconds()
    lastSavedStep = trainer.step
  }
}
