import ArgumentParser
import DistTrain

/// `svdist train`, the command where none is named: trains, or goes on.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Trains an encoder, or goes on from the run folder's newest checkpoint.",
    discussion: """
      Settings (--config, --set) change the result and are stored with the run; the other options change only how it \
      runs. A run goes on only with the settings it was started with; how often it evaluates and saves may change.
      """)

  @OptionGroup var settings: ConfigurationOptions

  @Option(
    help: ArgumentHelp("The run's folder: configuration, metrics, checkpoints, evaluations.", valueName: "folder"))
  var runDir: String

  @Flag(help: "Start anew where the run folder already holds checkpoints.")
  var restart = false

  @Option(help: "Threads of each rank; by default the host's cores divided by its ranks.")
  var threads: Int?

  @Option(help: ArgumentHelp("Fail unless the launcher started this many ranks.", valueName: "ranks"))
  var expectRanks: Int?

  @Option(help: ArgumentHelp("Steps between lines of progress.", valueName: "steps"))
  var logEvery = 10

  @Option(
    help: ArgumentHelp(
      "How long a rank waits for the others before it ends the run and names those that are missing.",
      valueName: "seconds"))
  var timeout = 600.0

  func validate() throws {
    let counts = [("--threads", threads), ("--expect-ranks", expectRanks), ("--log-every", logEvery)]
    for case (let name, let count?) in counts where count < 1 {
      throw ValidationError("\(name): at least 1, found \(count)")
    }
    guard timeout > 0, timeout.isFinite else { throw ValidationError("--timeout: above 0 seconds, found \(timeout)") }
    guard !runDir.isEmpty else { throw ValidationError("--run-dir: expected a folder, found nothing") }
  }

  func run() throws {
    let configuration = try settings.load()
    guard configuration.corpus.train != nil else {
      throw Failure(.usage, "corpus.train: not set: name a data directory in --config or by --set corpus.train=folder")
    }
    print(configuration.yaml, terminator: "")
  }
}
