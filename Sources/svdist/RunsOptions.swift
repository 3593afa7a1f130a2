import ArgumentParser
import DistTrain

/// Runs to be shown, and how sure their figures are.
struct RunsOptions: ParsableArguments {
  @Argument(help: ArgumentHelp("Run folders.", valueName: "run"))
  var runs: [String] = []

  @Option(help: ArgumentHelp("The number of resamples for intervals; 0 for none.", valueName: "count"))
  var resamples = 1000

  /// The number of runs in words.
  var count: String { runs.count == 1 ? "1 run" : "\(runs.count) runs" }

  private static let mostRuns = 50

  func validate() throws {
    guard !runs.isEmpty else { throw ValidationError("Missing expected argument '<run> ...'") }
    guard runs.count <= Self.mostRuns else {
      throw ValidationError("\(runs.count) runs: a page or table has \(Self.mostRuns) at most")
    }
    guard resamples == 0 || (100...1_000_000).contains(resamples) else {
      throw ValidationError("--resamples: 100 to 1000000, or 0 for none, found \(resamples)")
    }
  }

  /// Reads the runs. Says what of them cannot be read.
  func read() throws -> [RecordedRun] {
    try RecordedRun.read(runs) { StandardError.say("warning: \($0)".shown) }
  }
}
