import ArgumentParser
import DistTrain
import Foundation

/// `svdist average`: the mean of several checkpoints of a run.
struct AverageCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "average",
    abstract: "Averages the encoders of several checkpoints of a run.",
    discussion: """
      Takes the arithmetic mean of each parameter and of each running mean and variance, as wespeaker does, without the \
      classifier. The file is an encoder for every command that takes one. checkpoint.keep says how many checkpoints a \
      run keeps.
      """)

  @Argument(help: ArgumentHelp("The run folder.", valueName: "run"))
  var folder: String

  @Option(help: ArgumentHelp("Take so many of the newest checkpoints.", valueName: "count"))
  var last: Int?

  @Option(help: ArgumentHelp("Take so many of those with the lowest held-out EER.", valueName: "count"))
  var best: Int?

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "The file to write (default: average-last-COUNT.safetensors or average-best-COUNT.safetensors in the run folder).",
      valueName: "file"))
  var output: String?

  func validate() throws {
    guard (last == nil) != (best == nil) else { throw ValidationError("give either --last or --best") }
    try OptionRange.check("--last", last, in: 1...1_000_000)
    try OptionRange.check("--best", best, in: 1...1_000_000)
  }

  func run() throws {
    let rule = last.map { CheckpointSelection.Rule.last($0) } ?? .best(best ?? 1)
    let output = output ?? "\(folder.withoutEndingSlashes)/average-\(rule.name)-\(rule.count).safetensors"
    try EncoderAverage.check(output)
    let (selection, average) = try Self.average(rule, of: folder)
    for warning in selection.warnings { StandardError.say(warning.shown) }
    let chosen = selection.chosen
    try average.write(run: selection.run, steps: chosen.map(\.step), rule: rule.description, to: output)
    let steps = chosen.map { one in "\(one.step)" + (one.eer.map { String(format: " (EER %.2f %%)", $0) } ?? "") }
    let of = "\(steps.count == 1 ? "step" : "steps") \(steps.joined(separator: ", "))"
    print("\(average.words), the mean of \(of), in \(output)".shown)
  }

  /// A run that goes on may remove a checkpoint between its choice and its opening, and has a newer one then.
  private static func average(
    _ rule: CheckpointSelection.Rule, of folder: String
  ) throws -> (CheckpointSelection, EncoderAverage) {
    let first = try CheckpointSelection(rule, of: folder)
    do {
      return (first, try EncoderAverage(of: first.chosen.map(\.encoder)))
    } catch {
      let second = try CheckpointSelection(rule, of: folder)
      guard second.chosen.map(\.step) != first.chosen.map(\.step) else { throw error }
      return (second, try EncoderAverage(of: second.chosen.map(\.encoder)))
    }
  }
}
