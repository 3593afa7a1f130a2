extension Configuration {
  /// Evaluation during training, where `corpus.evaluation` and `corpus.trials` are set.
  package struct Evaluation: Codable, Sendable, Equatable {
    package var everySteps = 500

    package init() {}

    static let settings = [
      Setting(
        "evaluation.everySteps", \.evaluation.everySteps, "steps between evaluations; 0 = only after the last step",
        allowed: .atLeast(0), changesResult: false)
    ]
  }
}
