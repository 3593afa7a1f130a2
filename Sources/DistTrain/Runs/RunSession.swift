/// What a run has open from its start to its end: settings, corpora, trainer, folder and lock, and its display.
package final class RunSession {
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
    /// The command line, for the run's history.
    package var command = CommandLine.arguments
    /// Threads of each rank, for the run's history; nil where it is not known.
    package var threads: Int?
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
  let trainer: Trainer
  let heldOut: HeldOutEvaluation?
  let folder: RunFolder
  let progress: ProgressReport
  /// What all ranks compute with.
  let arithmetic: Arithmetic
  private let lock: RunLock?

  var isFirstRank: Bool { communicator.rank == 0 }
  /// The run's last step.
  var steps: Int { configuration.training.steps }
  /// Whether rank 0 lost the run folder to another process.
  var isLockLost: Bool { lock?.isLost ?? false }

  /// Opens the corpora and the run folder. All ranks call this together.
  /// - Throws: `AgreedFailure`, on all ranks.
  package init(_ configuration: Configuration, options: Options, communicator: any Communicator) throws {
    self.configuration = configuration
    self.options = options
    self.communicator = communicator
    let (plan, heldOut) = try communicator.agree {
      try TrainingPlan.checkRows(configuration, ranks: communicator.size)
      return (try TrainingPlan(configuration), try Self.heldOut(configuration))
    }
    self.heldOut = heldOut
    arithmetic = .here(plan.precision)
    try arithmetic.agree(communicator)
    let corpus = plan.batches.corpus
    try corpus.agree(configuration.corpus.train ?? "", communicator)
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
    if !corpus.damages.isEmpty { note("warning: " + corpus.damages.summary(in: configuration.corpus.train ?? "")) }
  }

  private static func heldOut(_ configuration: Configuration) throws -> HeldOutEvaluation? {
    switch (configuration.corpus.evaluation, configuration.corpus.trials) {
    case (let corpus?, let trials?): return try HeldOutEvaluation(corpus: corpus, trials: trials)
    case (nil, nil): return nil
    default: throw Failure(.usage, "corpus.evaluation and corpus.trials belong together: set both or neither")
    }
  }

  /// Rank 0 prints a line, where there is one.
  func note(_ text: String?) {
    if isFirstRank, let text { progress.note(text) }
  }

  /// Says what the steps will take of memory, and where that is more than there is: a job that the kernel kills for its
  /// memory says nothing. All ranks call this together.
  func foretellMemory() {
    let ranks = communicator.gatherValues(MemoryOutlook(ahead: trainer.memoryAhead()))
    note(MemoryOutlook.summary(ranks))
    for text in MemoryOutlook.warnings(ranks, hosts: communicator.hosts) { note("warning: \(text)") }
  }

  /// The failure that ends the run, as all ranks throw it.
  /// - Parameter message: rank 0's counts.
  func end(_ message: String) throws -> AgreedFailure {
    do {
      let line = communicator.broadcast(message)
      try communicator.agree { throw Failure(.failed, line) }
    } catch let agreed as AgreedFailure {
      return agreed
    }
    preconditionFailure("what is thrown is caught")
  }

  /// Gives the run folder back and leaves the display.
  func close() {
    lock?.release()
    progress.finish()
  }
}
