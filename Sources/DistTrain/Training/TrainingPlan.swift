/// The parts of a training, as a configuration names them or put together by hand.
public struct TrainingPlan: Sendable {
  package var batches: BatchSource
  /// The losses, with the classifier that they share.
  public var objectives: BatchObjectives
  /// The way in which the objectives' gradients become one direction.
  public var weighting: GradientWeighting
  /// The steps at which the weights are sought.
  public var weightCourse = WeightCourse()
  /// The learning rate and the margin as functions of the step.
  public var schedules: Schedules
  /// Makes the optimiser of the parameters of a layout.
  public var optimizer: @Sendable (ParameterLayout) -> any Optimizer
  /// The steps of the training that this plan is for.
  public let stage: TrainingStage
  /// The plans of the stages that follow, each with objectives and schedules of its own.
  public var later: [TrainingPlan] = []
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
  /// The number of micro-batches in which a batch goes through the encoder.
  package var microBatches = 1
  /// The precision of the encoder's products.
  package var precision = Precision.single
  /// The moving average of the encoder; nil for none.
  package var average: MovingAverage.Rule?
  /// Notes on what the settings made of the corpus that may not be what was meant, a line each.
  package internal(set) var notes: [String] = []

  package init(
    batches: BatchSource, objectives: [any Objective], classifier: (any Classifier)?, weighting: GradientWeighting,
    schedules: Schedules, stage: TrainingStage, seed: UInt64,
    optimizer: @escaping @Sendable (ParameterLayout) -> any Optimizer
  ) {
    self.batches = batches
    self.objectives = BatchObjectives(objectives, classifier: classifier)
    self.weighting = weighting
    self.schedules = schedules
    self.optimizer = optimizer
    self.stage = stage
    self.seed = seed
  }

  /// The number of steps of the whole training.
  public var steps: Int { (later.last ?? self).stage.steps.upperBound }
}

/// The place of a stage in a training.
public struct TrainingStage: Sendable, Equatable {
  /// The number of the stage, counted from 1.
  public let number: Int
  /// The number of stages of the training.
  public let count: Int
  /// The training's steps that the stage takes, counted from 0.
  public let steps: Range<Int>

  /// The one stage of a training of so many steps.
  package init(steps: Int) {
    self.init(number: 1, of: 1, steps: 0..<steps)
  }

  init(number: Int, of count: Int, steps: Range<Int>) {
    self.number = number
    self.count = count
    self.steps = steps
  }
}

extension TrainingStage: CustomStringConvertible {
  /// The stage among all, such as `stage 2 of 2`.
  public var description: String { "stage \(number) of \(count)" }
}

/// The values that change with the steps, each a function of the step alone.
public struct Schedules: Sendable {
  /// The step of the training at which the schedules begin, so that it is the first of their own.
  public let first: Int
  /// The learning rate.
  public let learningRate: LearningRateSchedule
  /// The margin of the classification loss.
  public let margin: MarginSchedule
  /// The number of steps over which attention comes to its own values.
  public let attentionWarmup: Int

  /// Schedules for the learning rate and the margin.
  /// - Parameters:
  ///   - attentionWarmup: the number of steps over which attention comes to its own values; 0 for none.
  ///   - first: the step of the training at which the schedules begin.
  public init(learningRate: LearningRateSchedule, margin: MarginSchedule, attentionWarmup: Int = 0, from first: Int = 0)
  {
    self.first = first
    self.learningRate = learningRate
    self.margin = margin
    self.attentionWarmup = attentionWarmup
  }

  /// The learning rate at a step of the training, counted from 0.
  package func rate(at step: Int) -> Double { learningRate.rate(at: step - first) }

  /// The margin at a step of the training, counted from 0.
  package func margin(at step: Int) -> Double { margin.margin(at: step - first) }

  /// The values that objectives know of a step of the training, counted from 0.
  package func moment(at step: Int) -> ObjectiveBatch.Moment {
    ObjectiveBatch.Moment(step: step, margin: margin(at: step), warmth: warmth(at: step - first))
  }

  /// The progress of attention from 1 for all rows (0) to its own values (1).
  /// - Parameter step: a step of the schedules' own.
  private func warmth(at step: Int) -> Double {
    attentionWarmup == 0 ? 1 : min(1, Double(step) / Double(attentionWarmup))
  }
}
