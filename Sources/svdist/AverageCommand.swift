import ArgumentParser
import DistTrain
import Foundation

/// `svdist average`: the mean of several checkpoints of a run.
struct AverageCommand: RanksCommand, EndableCommand {
  static let configuration = CommandConfiguration(
    commandName: "average",
    abstract: "Averages the encoders of several checkpoints of a run.",
    discussion: """
      Takes the arithmetic mean of each parameter and of each running mean and variance, as wespeaker does, without the \
      classifier. The file is an encoder for every command that takes one. checkpoint.keep says how many checkpoints a \
      run keeps.

      With --statistics re-estimated the running means and variances are those of batches of the run's training, \
      augmented as there, which the averaged encoder sees, as PyTorch's update_bn takes them. With --last 1 they are \
      those of the newest checkpoint, or of its moving average (training.average). Under mpirun the ranks share each \
      batch, with the same result.
      """)

  /// Where the running statistics come from.
  enum Statistics: String, ExpressibleByArgument, CaseIterable {
    case averaged
    case reestimated = "re-estimated"
  }

  @Argument(help: ArgumentHelp("The run folder.", valueName: "run"))
  var folder: String

  @Option(help: ArgumentHelp("Take so many of the newest checkpoints.", valueName: "count"))
  var last: Int?

  @Option(help: ArgumentHelp("Take so many of those with the lowest held-out EER.", valueName: "count"))
  var best: Int?

  @Option(
    help: ArgumentHelp(
      "Take the mean of the checkpoints' running means and variances, or estimate them anew.",
      valueName: Statistics.allCases.map(\.rawValue).joined(separator: "|")))
  var statistics = Statistics.averaged

  @Option(
    help: ArgumentHelp(
      "Re-estimate on at most so many batches, and at most an epoch (default: \(Self.usualBatches)).",
      valueName: "count"))
  var statisticsBatches: Int?

  @Option(
    help: ArgumentHelp(
      "Re-estimate on this data directory, such as the run's own where it was moved.", valueName: "folder"))
  var corpus: String?

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "The file to write (default: average-last-COUNT.safetensors or average-best-COUNT.safetensors in the run folder, "
        + "average-…-re-estimated.safetensors with such statistics).",
      valueName: "file"))
  var output: String?

  @OptionGroup var messages: MessageOptions

  private static let usualBatches = 100

  func validate() throws {
    guard (last == nil) != (best == nil) else { throw ValidationError("give either --last or --best") }
    try OptionRange.check("--last", last, in: 1...1_000_000)
    try OptionRange.check("--best", best, in: 1...1_000_000)
    try OptionRange.check("--statistics-batches", statisticsBatches, in: 1...1_000_000_000)
    for (option, isGiven) in [("--statistics-batches", statisticsBatches != nil), ("--corpus", corpus != nil)] {
      guard isGiven, statistics == .averaged else { continue }
      throw ValidationError("\(option) is for --statistics re-estimated: leave it out, or give that too")
    }
  }

  func run() throws {
    let command = self
    Program.runRanks { communicator in
      ThreadTeam.shared.grow(to: Machine.threads(communicator))
      var found: Found? = try communicator.agree { communicator.rank == 0 ? try command.average() : nil }
      if command.statistics == .reestimated { try command.estimate(&found, communicator) }
      try communicator.agree { if let found { try command.write(found) } }
      return .done
    }
  }

  private var rule: CheckpointSelection.Rule { last.map { .last($0) } ?? .best(best ?? 1) }

  private var path: String {
    let suffix = statistics == .averaged ? "" : "-\(statistics.rawValue)"
    return output ?? "\(folder.withoutEndingSlashes)/average-\(rule.name)-\(rule.count)\(suffix).safetensors"
  }

  /// A mean, with the checkpoints that it is of.
  private typealias Found = (selection: CheckpointSelection, average: EncoderAverage)

  /// A run that goes on may remove a checkpoint between its choice and its opening, and has a newer one then.
  private func average() throws -> Found {
    guard FileSystem.isFolder(folder) else { throw Failure(.badData, "\(folder): there is no such run folder") }
    try EncoderAverage.check(path)
    let first = try CheckpointSelection(rule, of: folder)
    let found: Found
    do {
      found = (first, try EncoderAverage(of: first.chosen.map(\.encoder), counting: messages.counting()))
    } catch {
      let second = try CheckpointSelection(rule, of: folder)
      guard second.chosen.map(\.step) != first.chosen.map(\.step) else { throw error }
      found = (second, try EncoderAverage(of: second.chosen.map(\.encoder), counting: messages.counting()))
    }
    for warning in found.selection.warnings { messages.say(warning) }
    return found
  }

  /// Estimates the running statistics of the mean, which rank 0 has. All ranks call this together.
  private func estimate(_ found: inout Found?, _ communicator: any Communicator) throws {
    let newest = found?.selection.chosen.last?.state
    let json = communicator.broadcast(try communicator.agree { try newest?.json ?? [] })
    let state = try communicator.agree { try TrainingState(json: json, path: folder) }
    let run = try RunStatistics(
      of: folder, at: state, settings: found?.average.settings ?? [:],
      RunStatistics.Choice(corpus: corpus, batches: statisticsBatches ?? Self.usualBatches),
      communicator: communicator)
    func warn(_ line: String) { if communicator.rank == 0 { messages.say("warning: \(line)") } }
    run.warnings.forEach(warn)
    let statistics = try messages.counting(communicator).count(run.batches, of: "batches done") { done in
      try run.statistics(of: found?.average.means, warn: warn) { done(1) }
    }
    found?.average.estimate = (statistics, run.batches)
  }

  private func write(_ found: Found) throws {
    let chosen = found.selection.chosen
    try found.average.write(
      run: found.selection.run, steps: chosen.map(\.step), rule: rule.description, to: path)
    let steps = chosen.map { one in "\(one.step)" + (one.eer.map { String(format: " (EER %.2f %%)", $0) } ?? "") }
    let of = "\(steps.count == 1 ? "step" : "steps") \(steps.joined(separator: ", "))"
    let origin = found.average.estimate.map {
      " with statistics of \($0.batches.counted("batch"))"
    }
    print("\(found.average.words), the mean of \(of)\(origin ?? ""), in \(path)".shown)
  }
}
