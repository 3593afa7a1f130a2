extension Configuration {
  /// What changes with the step.
  package struct Schedule: Codable, Sendable, Equatable {
    package var learningRate = LearningRate()
    package var margin = Margin()

    package init() {}

    static let settings = LearningRate.settings + Margin.settings
  }
}
