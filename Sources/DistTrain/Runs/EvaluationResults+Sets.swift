/// The results of the sets that a run is evaluated on: those of `corpus.evaluation` and, in a folder beside them by its
/// name, those of each of `evaluation.sets`.
extension EvaluationResults {
  /// The results of `evaluation.sets` by their names, whether or not the settings still have them.
  static func ofSets(_ folder: RunFolder) throws -> [(name: String, results: EvaluationResults)] {
    guard FileSystem.isFolder(folder.evaluationPath) else { return [] }
    return try FileSystem.names(in: folder.evaluationPath)
      .map { (name: $0, results: EvaluationResults(folder, set: $0)) }
      .filter { !$0.name.hasPrefix(".") && FileSystem.isFolder($0.results.folder) }
  }

  /// Removes the results of all sets of the steps after the given one, which are yet to be taken.
  static func remove(after step: Int, in folder: RunFolder) throws {
    try EvaluationResults(folder).remove(after: step)
    for (_, results) in try ofSets(folder) { try results.remove(after: step) }
  }

  /// A line for each set with its first, lowest and last EER.
  static func summaries(_ folder: RunFolder) -> [String] {
    let others = ((try? ofSets(folder)) ?? []).map { $0.results.summary("\($0.name.shown) EER") }
    return ([EvaluationResults(folder).summary("held-out EER")] + others).compactMap(\.self)
  }
}
