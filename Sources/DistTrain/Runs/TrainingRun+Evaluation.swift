import Foundation

extension TrainingRun {
  /// Scores the held-out trials before the first step, every so many steps and after the last, once a step. A recording
  /// that can no longer be read on the way is no reason to stop training; a request to stop ends the scoring.
  /// - Returns: whether it was time to, so that ranks may have been asked to stop meanwhile.
  @discardableResult
  func evaluateIfDue() throws -> Bool {
    guard let evaluation, communicator.broadcast(isFirstRank && isEvaluationDue) else { return false }
    communicator.announce("the evaluation at step \(trainer.step)")
    let began = monotonicSeconds()
    let eer: Double
    do {
      eer = try evaluate(evaluation)
    } catch let agreed as AgreedFailure where agreed.failure.kind == .stopped {
      return true
    } catch let agreed as AgreedFailure where trainer.step > 0 && trainer.step < configuration.training.steps {
      note("warning: no evaluation at step \(trainer.step): \(agreed.failure.message); training continues")
      return true
    }
    pace.evaluationSeconds = monotonicSeconds() - began
    try keepAsBest(eer: eer)
    return true
  }

  /// Whether this step is one to evaluate at, and its result is not there from before a resume. Rank 0 knows.
  var isEvaluationDue: Bool { evaluation != nil && isEvaluationStep && eer(ofStep: trainer.step) == nil }

  /// - Returns: the EER in percent.
  private func evaluate(_ evaluation: HeldOutEvaluation) throws -> Double {
    let step = trainer.step
    let extractor = EmbeddingExtractor(
      encoder: trainer.encoder, frontEnd: configuration.features, parameters: trainer.parameters,
      statistics: trainer.statistics)
    let (metrics, scores) = try evaluation.run(extractor, communicator: communicator) {
      StopRequest.received != nil
    }
    note("step \(step)/\(configuration.training.steps)  held-out \(metrics.summary)")
    try communicator.agree {
      guard communicator.rank == 0 else { return }
      if step == configuration.training.steps {
        try AtomicFile.write(metrics.json + "\n", to: "\(folder.evaluationPath)/result.json")
        try evaluation.write(scores, to: "\(folder.evaluationPath)/scores")
      }
      // Last: where it is there, the step is not evaluated again.
      try AtomicFile.write(metrics.json + "\n", to: resultPath(ofStep: step))
    }
    return metrics.eer
  }

  private func resultPath(ofStep step: Int) -> String { "\(folder.evaluationPath)/step-\(step).json" }

  private struct Result: Decodable { let eer: Double }

  /// The EER in percent that was found at a step; nil where it was not evaluated.
  func eer(ofStep step: Int) -> Double? {
    guard let json = try? InputFile.contents(of: resultPath(ofStep: step)) else { return nil }
    return try? JSONDecoder().decode(Result.self, from: Data(json)).eer
  }

  private var isEvaluationStep: Bool {
    let step = trainer.step
    if step == 0 || step == configuration.training.steps { return true }
    return configuration.evaluation.everySteps > 0 && step % configuration.evaluation.everySteps == 0
  }

  /// Results of steps that a resumed run has yet to take.
  func removeEvaluations(after step: Int) throws {
    for name in try FileSystem.names(in: folder.evaluationPath) {
      let digits = name.dropFirst("step-".count).prefix { $0.isNumber }
      guard name.hasPrefix("step-"), let theirs = Int(digits), theirs > step else { continue }
      try FileSystem.remove("\(folder.evaluationPath)/\(name)")
    }
  }
}
