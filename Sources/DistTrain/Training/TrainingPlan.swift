/// What is trained on and how: the parts of a training, as a configuration names them or put together by hand.
public struct TrainingPlan: Sendable {
  public var batches: BatchSource
  /// The losses, with the classifier that they share.
  public var objectives: BatchObjectives
  public var weighting: GradientWeighting
  public var schedules: Schedules
  /// Makes the optimiser of parameters that are laid out so.
  package var optimizer: @Sendable (ParameterLayout) -> any Optimizer
  /// Steps of the whole training.
  public var steps: Int
  public var seed: UInt64
  /// Longest gradient, for the encoder and for the classifier each; nil clips nothing.
  public var gradientNorm: Double?
  /// Whether batch statistics are taken over all ranks.
  package var sharesBatchStatistics = true
  /// Of the encoder's products.
  package var precision = Precision.single
  /// What the settings made of the corpus that may not be what was meant: a line each.
  package internal(set) var notes: [String] = []

  package init(
    batches: BatchSource, objectives: [any Objective], classifier: (any Classifier)?, weighting: GradientWeighting,
    schedules: Schedules, steps: Int, seed: UInt64,
    optimizer: @escaping @Sendable (ParameterLayout) -> any Optimizer
  ) {
    self.batches = batches
    self.objectives = BatchObjectives(objectives, classifier: classifier)
    self.weighting = weighting
    self.schedules = schedules
    self.optimizer = optimizer
    self.steps = steps
    self.seed = seed
  }
}

/// What changes with the steps, each a function of the step alone, counted from 0.
public struct Schedules: Sendable {
  package let learningRate: LearningRateSchedule
  package let margin: MarginSchedule
  /// Steps over which attention comes to its own weights.
  package let attentionWarmup: Int

  package init(learningRate: LearningRateSchedule, margin: MarginSchedule, attentionWarmup: Int = 0) {
    self.learningRate = learningRate
    self.margin = margin
    self.attentionWarmup = attentionWarmup
  }

  /// What objectives know of a step.
  func moment(at step: Int) -> ObjectiveBatch.Moment {
    ObjectiveBatch.Moment(step: step, margin: margin.margin(at: step), warmth: warmth(at: step))
  }

  /// How far attention has come from 1 (0) to its own weights (1).
  private func warmth(at step: Int) -> Double {
    attentionWarmup == 0 ? 1 : min(1, Double(step) / Double(attentionWarmup))
  }
}
