import ArgumentParser
import DistTrain
import Foundation

/// `svdist train`, the default command: trains, or resumes a training.
struct TrainCommand: RanksCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Trains an encoder, or resumes from the run folder's newest checkpoint.",
    discussion: """
      Settings (--config, --set) change the result and are stored with the run; the other options change only how it \
      runs. A run resumes only with the settings that it was started with, except for those that --allow-change names; \
      how often and on which evaluation.sets it evaluates, and how often it saves, may change.
      """)

  @OptionGroup var settings: ConfigurationOptions

  @Option(
    name: .customLong("from"),
    help: ArgumentHelp(
      """
      A run folder, a checkpoint or a model file whose encoder the training starts from, as the setting training.from \
      does. Settings of encoder and front end that are not given are that encoder's.
      """, valueName: "encoder"))
  var start: String?

  @Option(
    help: ArgumentHelp("The folder for configuration, metrics, checkpoints and evaluations.", valueName: "folder"))
  var runDir: String?

  @Flag(help: "Start over if the run folder already holds checkpoints.")
  var restart = false

  @Flag(
    help: """
      Evaluate on corpus.evaluation and evaluation.sets although corpus.train has speakers, utterances or files of the \
      same names, or copies of its recordings under other names.
      """)
  var allowOverlap = false

  @OptionGroup var continuation: ContinuationOptions

  @Flag(
    help: """
      Instead of training, compare the objectives' gradients of the first batch with central differences of the losses, \
      at a few elements of every tensor. Prints a table and ends with status 1 if any differs. Needs no run folder and \
      writes nothing.
      """)
  var checkGradients = false

  @Option(help: "Threads of each rank (default: the cores that it may use, divided among the ranks there).")
  var threads: Int?

  @Option(
    help: ArgumentHelp(
      """
      Threads of each rank that load the next batch during the computation (default: as many as compute). More of them \
      hide a slow file system.
      """))
  var readers: Int?

  @Option(
    help: ArgumentHelp(
      """
      End the run with a checkpoint once more than this part of the corpus's utterances turned out to be unreadable. \
      Until then each is replaced by another one of its speaker and listed in the run's bad-utterances.tsv (default: 0.1).
      """, valueName: "fraction"), transform: OptionRange.decimal)
  var maxBadFraction = 0.1

  @Flag(
    help: """
      Keep the activations of all micro-batches (batch.microBatches), instead of computing them a second time on the \
      way back: faster, the same bits, and the memory of the whole batch.
      """)
  var keepActivations = false

  @Flag(
    help: """
      Write batches.jsonl to the run folder: for every step, each row's utterance, where its crop begins and how it was \
      augmented.
      """)
  var logBatches = false

  @Option(
    help: ArgumentHelp(
      """
      Write timeline.json to the run folder: what each rank did during these steps, for ui.perfetto.dev. A step or a \
      range, such as 101-110.
      """, valueName: "steps"), transform: OptionRange.steps)
  var timeline: ClosedRange<Int>?

  @Option(help: ArgumentHelp("Fail unless the launcher started this many ranks.", valueName: "ranks"))
  var expectRanks: Int?

  @Option(help: ArgumentHelp("Steps between lines of progress.", valueName: "steps"))
  var logEvery = 10

  @Option(
    help: ArgumentHelp(
      "Standard output is lines of text, or one JSON object a line.",
      valueName: RunDisplay.Format.allCases.map(\.rawValue).joined(separator: "|")))
  var logFormat = RunDisplay.Format.text

  @OptionGroup var messages: MessageOptions

  @Option(
    help: ArgumentHelp(
      """
      How long a rank waits for the others, or for the recordings of a batch, before it ends the run and names the \
      missing ranks (default: 600).
      """,
      valueName: "seconds"), transform: OptionRange.decimal)
  var timeout = 600.0

  func validate() throws {
    try OptionRange.check("--threads", threads, in: OptionRange.threads)
    try OptionRange.check("--readers", readers, in: OptionRange.threads)
    try OptionRange.check("--expect-ranks", expectRanks, in: 1...1_000_000)
    try OptionRange.check("--log-every", logEvery, in: 1...1_000_000_000)
    try OptionRange.check("--max-bad-fraction", maxBadFraction, in: 0...1)
    try OptionRange.check("--timeout", timeout, in: 0.001...1e9, unit: " seconds")
    guard runDir != nil || checkGradients else {
      throw ValidationError("Missing expected argument '--run-dir <folder>'")
    }
    if checkGradients, logFormat != .text {
      throw ValidationError("--check-gradients prints a table: leave out --log-format \(logFormat.rawValue)")
    }
    try checkOfGradients()
    guard start != "" else { throw ValidationError("--from: expected an encoder, found nothing") }
    guard runDir != "" else { throw ValidationError("--run-dir: expected a folder, found nothing") }
  }

  /// - Throws: `ValidationError` for an option that is of no use to a check of gradients, which takes no steps.
  private func checkOfGradients() throws {
    guard checkGradients else { return }
    let others = [
      ("--restart", restart), ("--allow-change", !continuation.allowedChanges.isEmpty),
      ("--stop-before", continuation.stopBefore != nil), ("--keep-activations", keepActivations),
      ("--log-batches", logBatches), ("--timeline", timeline != nil),
    ]
    guard let other = others.first(where: \.1)?.0 else { return }
    throw ValidationError("--check-gradients takes no steps and writes nothing: leave out \(other)")
  }

  func run() throws {
    let command = self
    // A check has nothing to save, so a signal ends it.
    if !checkGradients { StopRequest.watch() }
    Program.runRanks(timeout: timeout, printsResults: checkGradients) { communicator in
      let configuration = try communicator.agree {
        try Self.checkRanks(communicator, expected: command.expectRanks)
        return try command.settings.load(
          from: command.start, resuming: command.restart ? nil : command.runDir)
      }
      try configuration.agree(communicator)
      let machine = JobFacts.gather(communicator, threads: command.threads)
      let threads = machine.threads[communicator.rank]
      // Those that compute may take all the threads that the system starts.
      let ready = BackgroundThreads.shared.keepReady(RunSession.backgroundThreads)
      ThreadTeam.shared.grow(to: threads)
      let progress = ProgressReport(
        steps: configuration.steps, everySteps: command.logEvery, display: command.display)
      if communicator.rank == 0 {
        Self.introduce(
          configuration, communicator, machine, threads: threads, areFew: ready < RunSession.backgroundThreads,
          to: progress)
      }
      guard let runDir = command.runDir, !command.checkGradients else {
        return try Self.checkGradients(configuration, communicator)
      }
      let options = try communicator.agree { try command.options(folder: runDir, threads: threads) }
      let session = try RunSession(
        configuration, options: options, progress: progress, communicator: communicator)
      switch try TrainingLoop(session).run() {
      case .finished: return .done
      case .stopped: return .stopped
      }
    }
  }

  private var display: RunDisplay { RunDisplay(format: logFormat, isQuiet: messages.quiet) }

  /// Shows the settings and what they run on.
  /// - Parameter areFew: whether the system does not start all threads that work beside those that compute.
  private static func introduce(
    _ configuration: Configuration, _ communicator: any Communicator, _ machine: JobFacts, threads: Int, areFew: Bool,
    to progress: ProgressReport
  ) {
    let each = "\(threads.counted("thread")) each"
    progress.introduce(
      configuration, machine: "\(communicator.census), \(each), \(Machine.kernels), \(Job.library)")
    for warning in machine.warningsOfRun { progress.note("warning: \(warning.text)") }
    if ThreadTeam.shared.size < threads || areFew {
      progress.note(
        "warning: the system starts only \(ThreadTeam.shared.size) of the threads (ulimit -u, ulimit -v, pids.max)"
          + (areFew ? ", and too few to load batches and write checkpoints beside them" : ""))
    }
    let note = Launcher.note(ProcessInfo.processInfo.environment, isWatched: Terminal.isWatched)
    if let note { progress.note(note) }
  }

  /// The options of a run.
  /// - Throws: `Failure(.usage)` for an option that is none.
  private func options(folder: String, threads: Int) throws -> RunSession.Options {
    var options = RunSession.Options(folder: folder, version: SvdistCommand.version)
    options.restart = restart
    options.allowsOverlap = allowOverlap
    options.countsComparisons = { [isShown = display.showsProgress] count in
      let progress = WorkProgress(
        count: count, things: "files to train and to evaluate on compared", isShown: isShown)
      return { progress.advance() }
    }
    options.threads = threads
    try continuation.apply(to: &options)
    options.readers = readers ?? threads
    options.patience = timeout
    options.maxBadFraction = maxBadFraction
    options.keepsActivations = keepActivations
    options.timeline = timeline
    options.logsBatches = logBatches
    return options
  }

  /// Prints the table of a gradient check as it goes on.
  private static func checkGradients(
    _ configuration: Configuration, _ communicator: any Communicator
  ) throws -> ExitStatus {
    func say(_ text: String) {
      guard communicator.rank == 0 else { return }
      print(text)
      fflush(nil)
    }
    let check = try GradientCheck(configuration, communicator: communicator, say: say)
    var report = GradientCheckReport()
    say(GradientCheckReport.heading(check))
    _ = check.compare(check.gradients, tensors: check.tensors) { say(report.add($0)) }
    say(report.summary)
    return report.agrees ? .done : .failed
  }

  private static func checkRanks(_ communicator: any Communicator, expected: Int?) throws {
    guard let expected, expected != communicator.size else { return }
    throw Failure(
      .usage, "--expect-ranks \(expected): the launcher started \(communicator.size); is svdist under mpirun or srun?")
  }
}

extension RunDisplay.Format: ExpressibleByArgument {}
