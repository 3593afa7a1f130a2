/// Everything that a run has open from its start to its end: settings, corpora, trainer, folder, lock and display.
package final class RunSession {
  /// The options that change how a run goes but not its result.
  package struct Options: Sendable {
    /// The run folder's path.
    package var folder: String
    /// Whether to start over if the run folder holds checkpoints.
    package var restart = false
    /// The settings that may differ from those of the run that goes on, by their keys or those of their groups.
    package var allowedChanges: [String] = []
    /// Whether the corpora to train and to evaluate on may share speakers and recordings.
    package var allowsOverlap = false
    /// Counts the files of the two corpora that are compared, which may take minutes.
    package var countsComparisons: CorpusOverlap.Counting = { _ in {} }
    /// The time by which the run has to have ended; nil for no limit.
    package var timeLimit: TimeLimit?
    /// The number of threads of each rank that load the next batch.
    package var readers = 1
    /// The seconds that a batch may take to be read.
    package var patience = Double.infinity
    /// The part of the corpus's utterances that may prove unreadable before the run ends.
    package var maxBadFraction = 0.1
    /// The steps, counted from 1, that `timeline.json` shows; nil for none.
    package var timeline: ClosedRange<Int>?
    /// Whether all micro-batches of a step keep what their ways back need.
    package var keepsActivations = false
    /// Whether `batches.jsonl` lists the contents of every row.
    package var logsBatches = false
    /// The command line, for the run's history.
    package var command = CommandLine.arguments
    /// The number of threads of each rank, for the run's history; nil where it is not known.
    package var threads: Int?
    /// The version of svdist, which is stored with checkpoints.
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
  /// The sets to evaluate on, that of `corpus.evaluation` first; none where nothing is evaluated.
  let heldOut: [HeldOutSet]
  /// The run folder, where rank 0 last found it.
  private(set) var folder: RunFolder
  let progress: ProgressReport
  /// The checksums of the arithmetic of all ranks.
  let arithmetic: Arithmetic
  private let lock: RunLock?
  /// The time at which this start began, by this process's clock: what it opens takes time too.
  let began = monotonicSeconds()

  var isFirstRank: Bool { communicator.rank == 0 }
  /// The run's last step.
  var steps: Int { configuration.steps }
  /// Computes the held-out utterances' embeddings with the encoder as it is trained so far, or its moving average.
  var extractor: EmbeddingExtractor {
    let evaluated = trainer.evaluated
    return EmbeddingExtractor(
      encoder: trainer.encoder, frontEnd: configuration.features, parameters: evaluated.parameters,
      statistics: evaluated.statistics, longestPiece: configuration.evaluation.longestPiece)
  }
  /// The way in which rank 0 lost the run folder; nil where it has it, and on other ranks.
  var folderLoss: RunLock.Loss? { lock?.loss }
  /// The threads that work beside those that compute: they touch the lock, load batches and write checkpoints.
  package static let backgroundThreads = 3

  /// Opens the corpora and the run folder. All ranks call this together.
  /// - Parameter progress: shows on rank 0 how training goes.
  /// - Throws: `AgreedFailure`, on all ranks.
  package init(
    _ configuration: Configuration, options: Options, progress: ProgressReport, communicator: any Communicator
  ) throws {
    self.configuration = configuration
    self.options = options
    self.progress = progress
    self.communicator = communicator
    let (plan, heldOut) = try communicator.agree {
      try TrainingPlan.checkRows(configuration, ranks: communicator.size)
      // What the run starts from is read once it is known that it begins.
      return (try TrainingPlan(configuration, start: nil), try HeldOutSet.read(configuration))
    }
    self.heldOut = heldOut
    let precisions = ([plan] + plan.later).map(\.precision)
    arithmetic = .here(precisions.contains(.bfloat16) ? .bfloat16 : plan.precision)
    try arithmetic.agree(communicator)
    let corpus = plan.batches.corpus
    // Rank 0 compares: what the files hold is the same work on every rank.
    let overlap = try communicator.agree {
      communicator.rank == 0 ? try heldOut.flatMap { try $0.overlap(with: corpus, options) } : []
    }
    try corpus.agree(configuration.corpus.train ?? "", communicator)
    for stage in [plan] + plan.later { try stage.batches.agreeOnRecordings(communicator) }
    trainer = Trainer(
      encoder: configuration.network, plan: plan, communicator: communicator, readers: options.readers,
      patience: options.patience)
    trainer.keepsActivations = options.keepsActivations
    trainer.recordedSteps = options.timeline
    // Rank 0 creates the folder, and the others find it.
    try communicator.agree { if communicator.rank == 0 { _ = try RunFolder(creating: options.folder) } }
    folder = try communicator.agree { try RunFolder(creating: options.folder) }
    lock = try communicator.agree { [path = folder.path] in
      guard communicator.rank == 0 else { return nil }
      return try RunLock(folder: path) { progress.note($0.shown) }
    }
    for line in overlap { note(line) }
    for set in heldOut { note(set.evaluation.warning.map { "warning: \($0)" }) }
    for set in heldOut { note(extractor.remark(set.evaluation.seconds).map(set.note)) }
    for line in corpus.losses(in: configuration.corpus.train ?? "") { note("warning: \(line)") }
  }

  /// Looks whether rank 0 still has the run folder, and says what happened to its lock.
  func lookAfterFolder(now: Bool) {
    if now { lock?.look() }
    note(lock?.takeRemark().map { "warning: \($0)" })
  }

  /// Takes the run folder where it was moved to, or makes another one where it was removed, so that what the run has can
  /// be kept. Rank 0 calls this.
  /// - Returns: whether there is such a folder, and nobody else has it.
  func followFolder() -> Bool {
    let path: String
    switch folderLoss {
    case .moved(let place): path = place
    case .removed where !FileSystem.isThere(folder.path): path = folder.path
    default: return false
    }
    guard let found = try? RunFolder(creating: path) else { return false }
    folder = found
    _ = try? StoredSettings(found).write(configuration)
    return true
  }

  /// Shows a line on rank 0; nil shows nothing.
  func note(_ text: String?) {
    if isFirstRank, let text { progress.note(text.shown) }
  }

  /// Shows on rank 0 what the evaluation of a set found.
  func show(_ metrics: DetectionMetrics, of set: HeldOutSet) {
    if isFirstRank { progress.show(metrics, of: set, step: trainer.step) }
  }

  /// Shows the run's last line on rank 0.
  func conclude(_ ending: TrainingLoop.Ending, _ text: String) {
    guard isFirstRank else { return }
    progress.end(ending, text.shown, step: trainer.step, folder: folder.path)
  }

  /// Says how much memory the steps and evaluations will take, and warns if that is more than there is, because a job
  /// that the kernel kills for its memory says nothing. All ranks call this together.
  func foretellMemory() {
    let evaluation =
      heldOut.map { extractor.memoryAhead($0.evaluation.seconds, communicator: communicator) }.max() ?? 0
    let ranks = communicator.gatherValues(MemoryOutlook(ahead: trainer.memoryAhead(evaluation: evaluation)))
    note(MemoryOutlook.summary(ranks))
    let remedy =
      heldOut.isEmpty ? "a smaller batch or crop.seconds" : "a smaller batch, crop.seconds or evaluation.longestPiece"
    for text in MemoryOutlook.warnings(ranks, hosts: communicator.hosts, remedy: remedy) { note("warning: \(text)") }
  }

  /// The failure that ends the run, as all ranks throw it.
  /// - Parameter message: the message, of which that of rank 0 counts.
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
