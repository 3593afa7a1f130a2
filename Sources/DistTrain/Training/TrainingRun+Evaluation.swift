extension TrainingRun {
  /// Scores the held-out trials before the first step, every so many steps and after the last, once a step. A recording
  /// that can no longer be read on the way is no reason to stop training.
  func evaluateIfDue() throws {
    guard let evaluation, isEvaluationStep else { return }
    do {
      try evaluate(evaluation)
    } catch let agreed as AgreedFailure where trainer.step > 0 && trainer.step < configuration.training.steps {
      note("warning: no evaluation at step \(trainer.step): \(agreed.failure.message); training goes on")
    }
  }

  private func evaluate(_ evaluation: HeldOutEvaluation) throws {
    let step = trainer.step
    let path = "\(folder.evaluationPath)/step-\(step).json"
    // After a resume the result may be there already.
    if communicator.broadcast(isFirstRank && FileSystem.exists(path)) { return }
    let extractor = EmbeddingExtractor(
      encoder: trainer.encoder, parameters: trainer.parameters, statistics: trainer.statistics)
    let (metrics, scores) = try evaluation.run(extractor, communicator: communicator)
    note("step \(step)/\(configuration.training.steps)  held-out \(metrics.summary)")
    try communicator.agree {
      guard communicator.rank == 0 else { return }
      if step == configuration.training.steps {
        try AtomicFile.write(metrics.json + "\n", to: "\(folder.evaluationPath)/result.json")
        try evaluation.write(scores, to: "\(folder.evaluationPath)/scores")
      }
      // Last: where it is there, a resumed run does not evaluate again.
      try AtomicFile.write(metrics.json + "\n", to: path)
    }
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
