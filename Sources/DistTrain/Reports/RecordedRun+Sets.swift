/// What a run recorded of `evaluation.sets`.
extension RecordedRun {
  /// The evaluations of one of the sets, of which there is at least one.
  struct EvaluatedSet: Sendable {
    let name: String
    /// By ascending steps.
    let evaluations: [Evaluation]

    var last: Evaluation? { evaluations.last }
    var best: Evaluation? { RecordedRun.best(of: evaluations) }
  }

  /// The sets that were evaluated, by the order of their names' bytes.
  static func sets(in folder: RunFolder, _ faults: inout ReadingFaults) throws -> [EvaluatedSet] {
    try EvaluationResults.ofSets(folder).compactMap { name, results in
      let evaluations = try evaluations(results, &faults)
      faults.reading { try results.checkLast() }
      return evaluations.isEmpty ? nil : EvaluatedSet(name: name, evaluations: evaluations)
    }
  }

  /// The set of a name; nil where it was not evaluated.
  func set(_ name: String) -> EvaluatedSet? { sets.first { Name($0.name) == Name(name) } }

  /// The names of the sets of all runs, each once.
  static func namesOfSets(_ runs: [RecordedRun]) -> [String] { runs.flatMap { $0.sets.map(\.name) }.distinct }

  /// The data directories that the settings name, that of `corpus.evaluation` first; nil where nothing is evaluated or
  /// the settings are not known.
  var evaluatedOn: String? {
    guard let settings = try? settings.get(), let corpus = settings.corpus.evaluation else { return nil }
    return ([corpus] + settings.evaluation.sets.map { "\($0.name): \($0.corpus)" }).joined(separator: "; ")
  }
}
