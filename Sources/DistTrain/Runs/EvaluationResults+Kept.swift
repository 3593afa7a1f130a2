import Foundation

/// What a run keeps of its evaluations beside their results: the scores of the last one and of the best one, the
/// utterances of the trials, and the embeddings of the last evaluation.
extension EvaluationResults {
  /// The scores of the lowest EER after the first step.
  var bestScoresPath: String { "\(folder)/best-scores" }
  /// The result that these are of, with its step. It is there only while the scores are.
  var bestResultPath: String { "\(folder)/best-result.json" }
  /// The utterances of the trials, as `HeldOutEvaluation.writeUtterances` writes them.
  var utterancesPath: String { "\(folder)/utterances.tsv" }
  var embeddingsPath: String { "\(folder)/embeddings.safetensors" }

  /// The result whose scores are in `bestScoresPath`, with its step; nil where none are kept.
  /// - Throws: `Failure(.badData)` where nothing tells the step.
  func best() throws -> (step: Int, result: Result)? {
    guard FileSystem.exists(bestScoresPath) else { return nil }
    guard let result = try? Result(path: bestResultPath), let step = result.step else {
      throw Failure(
        .badData, "\(bestScoresPath): \(bestResultPath) does not tell the step of these scores: they are left out")
    }
    return (step, result)
  }

  /// The step whose scores are in `bestScoresPath`; nil where none are kept.
  /// - Throws: `Failure(.badData)` where nothing tells it.
  package func bestStep() throws -> Int? { try best()?.step }

  /// The last step whose result is that beside the last scores; nil where there is none.
  package func lastStep() throws -> Int? {
    guard let last = try? InputFile.contents(of: lastResultPath) else { return nil }
    return try steps().last { (try? InputFile.contents(of: path(ofStep: $0))) == last }
  }

  /// Checks that the last scores' result is there where they are, can be read, and is that of a step.
  /// - Throws: `Failure(.badData)`.
  func checkLast() throws {
    guard try Result(path: lastResultPath) != nil else {
      guard FileSystem.exists(scoresPath) else { return }
      throw Failure(.badData, "\(lastResultPath): is not there, so that the step of \(scoresPath) is not known")
    }
    guard try lastStep() == nil else { return }
    throw Failure(
      .badData, "\(lastResultPath): is the result of none of the steps here, so that the scores' step is not known")
  }

  /// Keeps what is to be kept of an evaluation, before its own result is written.
  /// - Parameters:
  ///   - isLast: whether the run ends with this step.
  ///   - note: is called with a line about what cannot be read.
  /// - Throws: `Failure(.failed)` where it cannot be written.
  package func keep(
    _ outcome: HeldOutEvaluation.Outcome, of heldOut: HeldOutEvaluation, step: Int, isLast: Bool,
    note: (String) -> Void
  ) throws {
    let isBest = try isBest(outcome.metrics.eer, step: step)
    guard isLast || isBest else { return }
    try heldOut.writeUtterances(to: utterancesPath, note: note)
    if isBest {
      // Whenever the run is killed, the result is that of the scores beside it, or there is none.
      try FileSystem.remove(bestResultPath)
      try heldOut.write(outcome.scores, to: bestScoresPath)
      try AtomicFile.write(outcome.metrics.json(behind: [("step", "\(step)")]) + "\n", to: bestResultPath)
    }
    if isLast {
      try FileSystem.remove(lastResultPath)
      try heldOut.write(outcome.scores, to: scoresPath)
      try heldOut.write(outcome.embeddings, ofStep: step, to: embeddingsPath)
      try AtomicFile.write(outcome.metrics.json + "\n", to: lastResultPath)
    }
  }

  /// Whether all earlier steps but the one before training have a higher EER.
  private func isBest(_ eer: Double, step: Int) throws -> Bool {
    guard step > 0 else { return false }
    return try steps().filter { $0 > 0 && $0 < step }.allSatisfy { earlier in
      self.eer(ofStep: earlier).map { eer < $0 } ?? true
    }
  }

  /// Whether the scores that are kept as the best ones are of a later step, or nothing tells of which.
  private func keepsNoBest(until step: Int) -> Bool {
    do {
      return try bestStep() ?? 0 > step
    } catch {
      return true
    }
  }

  /// Removes what is kept of the steps after the given one, while their results are still there.
  func removeKept(after step: Int) throws {
    if keepsNoBest(until: step) {
      for path in [bestResultPath, bestScoresPath] { try FileSystem.remove(path) }
    }
    let last = try lastStep() ?? step
    if step < 0 || last > step {
      for path in [lastResultPath, scoresPath, embeddingsPath] { try FileSystem.remove(path) }
    }
    if step < 0 { try FileSystem.remove(utterancesPath) }
  }
}
