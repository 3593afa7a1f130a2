/// Several checkpoints of a run, chosen to be averaged.
package struct CheckpointSelection: Sendable {
  /// How they are chosen.
  package enum Rule: Sendable, Equatable, CustomStringConvertible {
    /// So many of the newest.
    case last(Int)
    /// So many of those with the lowest held-out EER; of equal ones the earlier.
    case best(Int)

    package var count: Int {
      switch self {
      case .last(let count), .best(let count): count
      }
    }

    package var name: String {
      switch self {
      case .last: "last"
      case .best: "best"
      }
    }

    package var description: String { "\(name) \(count)" }
  }

  /// A checkpoint that was chosen.
  package struct Chosen: Sendable {
    package let step: Int
    /// The file of its encoder.
    package let encoder: String
    package let state: TrainingState
    /// Its held-out EER in percent, where the rule goes by that.
    package let eer: Double?
  }

  /// The name of the run folder.
  package let run: String
  /// The checkpoints that were chosen, by ascending step.
  package let chosen: [Chosen]
  /// A line for each checkpoint that is broken, or whose result is, and was passed over.
  package let warnings: [String]

  /// Chooses checkpoints that are whole. One of step 0, before any training, is never chosen.
  /// - Parameter path: the path of a run folder.
  /// - Throws: `Failure(.badData)` where it is none, and `Failure(.usage)` where it has fewer such checkpoints than the
  ///   rule asks for.
  package init(_ rule: Rule, of path: String) throws {
    let folder = try RunFolder(reading: path)
    var (chosen, rejected): ([Chosen], [String]) = ([], [])
    let candidates = try Self.candidates(rule, in: folder) { rejected.append($0) }
    for (step, eer) in candidates where chosen.count < rule.count {
      do {
        let checkpoint = try folder.checkpoints.checkpoint(ofStep: step)
        chosen.append(
          Chosen(step: step, encoder: checkpoint.encoderPath, state: checkpoint.state, eer: eer))
      } catch let failure as Failure {
        rejected.append("\(folder.checkpoints.folder(step: step)) is passed over: \(failure.message)")
      }
    }
    chosen.sort { $0.step < $1.step }
    guard chosen.count == rule.count else { throw Self.tooFew(chosen.map(\.step), rule, folder, rejected) }
    run = FileSystem.name(of: FileSystem.resolved(folder.path))
    self.chosen = chosen
    warnings = rejected.map { "warning: \($0)" }
  }

  /// The checkpoints in the order in which a rule takes them, with their EER where the rule goes by that.
  /// - Parameter note: is called with a line about each whose result cannot be read where the rule goes by that.
  private static func candidates(
    _ rule: Rule, in folder: RunFolder, note: (String) -> Void
  ) throws -> [(step: Int, eer: Double?)] {
    let steps = try folder.checkpoints.steps().filter { $0 > 0 }
    switch rule {
    case .last: return steps.reversed().map { ($0, nil) }
    case .best:
      return EvaluationResults(folder).results(ofSteps: steps, note: note)
        .sorted { ($0.result.eer, $0.step) < ($1.result.eer, $1.step) }.map { ($0.step, $0.result.eer) }
    }
  }

  private static func tooFew(_ steps: [Int], _ rule: Rule, _ folder: RunFolder, _ rejected: [String]) -> Failure {
    let (kind, remedy) =
      switch rule {
      case .last: ("whole checkpoints", "let a run keep more (checkpoint.keep)")
      case .best:
        (
          "whole checkpoints with a held-out EER",
          "let a run keep more (checkpoint.keep) and evaluate where it saves (evaluation.everySteps)"
        )
      }
    let list =
      steps.isEmpty ? "" : " (\(steps.count == 1 ? "step" : "steps") \(steps.map(String.init).joined(separator: ", ")))"
    return Failure(
      .usage,
      "--\(rule): of \(kind) \(folder.path) has \(steps.count)\(list): "
        + rejected.map { "\($0); " }.joined() + "ask for fewer, or \(remedy)")
  }
}
