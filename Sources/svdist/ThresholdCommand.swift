import ArgumentParser
import DistTrain
import Foundation

/// `svdist threshold`: the score above which two recordings count as one speaker.
struct ThresholdCommand: EndableCommand {
  static let configuration = CommandConfiguration(
    commandName: "threshold",
    abstract: "Finds the threshold for a wanted rate of false accepts.",
    discussion: """
      Takes it from scores of trials with answers, of speakers like those that it is for: a threshold of one corpus seldom \
      holds on another. It prints the threshold and the misses to expect, with 95 % intervals by resampling the speakers, \
      and refuses a rate that rests on fewer than 30 false accepts (the rule of 30).

      --output keeps it for svdist verify --threshold FILE, which answers same above the threshold's interval, different \
      below it and cannot tell within.
      """)

  @OptionGroup var source: ScoreOptions

  @Option(
    help: ArgumentHelp("The wanted share of non-targets that are accepted, such as 0.001.", valueName: "rate"),
    transform: OptionRange.decimal)
  var falseAccepts: Double

  @Option(help: ArgumentHelp("The number of resamples for intervals.", valueName: "count"))
  var resamples = 1000

  @Option(name: .shortAndLong, help: ArgumentHelp("Keep the threshold in this file.", valueName: "file"))
  var output: String?

  @Flag(help: "Print the result as JSON.")
  var json = false

  func validate() throws {
    guard falseAccepts > 0, falseAccepts < 1 else {
      throw ValidationError("--false-accepts: between 0 and 1, found \(falseAccepts)")
    }
    try OptionRange.check("--resamples", resamples, in: 100...1_000_000)
  }

  func run() throws {
    ThreadTeam.shared.grow(to: Machine.threads(SoleCommunicator()))
    if let output {
      var inputs = InputPaths()
      source.add(to: &inputs)
      try inputs.refuse(output, as: "--output")
      try DecisionFile.check(output)
    }
    let (list, scores) = try source.read()
    let origin = try ScoreOrigin.of(scores: source.scores)
    let speakers = try source.properties(of: list, table: nil).speakers
    let found = try DecisionThreshold(
      RankedTrials(scores: scores, targets: list.targets), speakers: speakers, falseAccepts: falseAccepts,
      resamples: resamples, counting: source.messages.counting())
    print(
      json ? try DecisionFile.json(found, of: origin) : Self.text(found) + (origin.map { "\nof \($0.words)" } ?? ""))
    guard let output else { return }
    if origin == nil {
      let line =
        "\(source.scores): nothing tells how its scores were made, so that verify will not know their threshold either"
      source.messages.note(line)
    }
    try DecisionFile.write(found, of: origin, to: output)
  }

  private static func text(_ found: DecisionThreshold) -> String {
    func row(_ name: String, _ rate: DecisionThreshold.Rate, _ factor: Double, _ unit: String) -> String {
      String(
        format: "%@%.4f%@  [%.4f%@, %.4f%@]", name, factor * rate.value, unit, factor * rate.low, unit,
        factor * rate.high, unit)
    }
    return """
      \(row("threshold      ", found.threshold, 1, ""))
      \(row("false accepts  ", found.falseAccepts, 100, " %"))
      \(row("misses         ", found.misses, 100, " %"))
      \(found.nonTargets) non-targets and \(found.targets) targets of \(found.speakers) speakers; 95 % intervals over speakers
      """
  }
}
