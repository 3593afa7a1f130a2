/// The parts of a training, as a configuration names them or put together by hand.
public struct TrainingPlan: Sendable {
  package var batches: BatchSource
  /// The losses, with the classifier that they share.
  public var objectives: BatchObjectives
  /// The way in which the objectives' gradients become one direction.
  public var weighting: GradientWeighting
  /// The learning rate and the margin as functions of the step.
  public var schedules: Schedules
  /// Makes the optimiser of the parameters of a layout.
  public var optimizer: @Sendable (ParameterLayout) -> any Optimizer
  /// The number of steps of the whole training.
  public var steps: Int
  /// The seed of all random draws.
  public var seed: UInt64
  /// The largest norm of the gradient, for the encoder and for the classifier each; nil clips nothing.
  public var gradientNorm: Double?
  /// The parts of the encoder, and the classifier, that are trained in ways of their own.
  public var groups = ParameterGroups()
  /// The encoder whose parameters and running statistics the training begins with; nil draws them.
  public var start: StoredEncoder?
  /// Whether batch statistics are taken over all ranks.
  package var sharesBatchStatistics = true
  /// The precision of the encoder's products.
  package var precision = Precision.single
  /// The moving average of the encoder; nil for none.
  package var average: MovingAverage.Rule?
  /// Notes on what the settings made of the corpus that may not be what was meant, a line each.
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

/// The values that change with the steps, each a function of the step alone, counted from 0.
public struct Schedules: Sendable {
  /// The learning rate.
  public let learningRate: LearningRateSchedule
  /// The margin of the classification loss.
  public let margin: MarginSchedule
  /// The number of steps over which attention comes to its own values.
  public let attentionWarmup: Int

  /// Schedules for the learning rate and the margin.
  /// - Parameter attentionWarmup: the number of steps over which attention comes to its own values; 0 for none.
  public init(learningRate: LearningRateSchedule, margin: MarginSchedule, attentionWarmup: Int = 0) {
    self.learningRate = learningRate
    self.margin = margin
    self.attentionWarmup = attentionWarmup
  }

  /// The values that objectives know of a step.
  func moment(at step: Int) -> ObjectiveBatch.Moment {
    ObjectiveBatch.Moment(step: step, margin: margin.margin(at: step), warmth: warmth(at: step))
  }

  /// The progress of attention from 1 for all rows (0) to its own values (1).
  private func warmth(at step: Int) -> Double {
    attentionWarmup == 0 ? 1 : min(1, Double(step) / Double(attentionWarmup))
  }
}
