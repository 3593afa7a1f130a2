/// Trains an encoder and the classifier beside it, with their parameters and optimiser, step by step.
///
/// All ranks hold the same parameters and take the same branches, because every number that decides anything was summed
/// or broadcast. Only of a classifier's prototypes a rank may hold a part (`ShardedClassifier`).
public final class Trainer {
  /// The encoder that is trained.
  public let encoder: any Encoder
  /// The ranks that train together.
  public let communicator: any Communicator
  /// The plans of the training's stages.
  let stages: [TrainingPlan]
  /// The stage of the last step that was taken, or of the first step before any; the index of its plan.
  var stage = 0
  package let batches: BatchStream
  /// The layout of the encoder's parameters, followed by those of the classifier that this rank holds, in one flat
  /// buffer.
  package internal(set) var layout: ParameterLayout
  /// The values of all parameters, in one row.
  public internal(set) var parameters: Matrix
  /// The encoder's running statistics.
  public let statistics: Matrix
  package internal(set) var optimizer: any Optimizer
  /// The moving average of the encoder; nil where the plan has none.
  package let average: MovingAverage?
  /// The number of steps done.
  public internal(set) var step = 0
  /// The number of steps whose update was left out.
  package internal(set) var skipped = 0
  /// The objectives' weights when they were last sought; nil where the next step seeks them.
  package internal(set) var solution: WeightSolution?
  var gradients: GradientSet
  /// The groups of the parameters.
  var groups: GroupedParameters
  /// The encoder that the training begins with; nil draws its parameters.
  var start: StoredEncoder?
  /// Whether the micro-batches of a step keep what their ways back need, so that none goes forth twice. It changes no
  /// bit of the result.
  package var keepsActivations = false
  /// The steps, counted from 1, whose reports say when each section began and ended.
  package var recordedSteps: ClosedRange<Int>?
  /// The running statistics before the current step.
  private let statisticsBefore: Matrix
  private var clock = StepClock()

  /// A trainer at its start, with parameters drawn from the plan's seed, or the encoder's from the plan's start.
  /// - Parameters:
  ///   - readers: the number of threads that load the next batch during the computation.
  ///   - patience: the seconds that a batch may take to be read.
  public init(
    encoder: any Encoder, plan: TrainingPlan, communicator: any Communicator, readers: Int = 1,
    patience: Double = .infinity
  ) {
    self.encoder = encoder
    stages = ([plan] + plan.later).map { $0.held(by: communicator) }
    let plan = stages[0]
    self.communicator = communicator
    batches = BatchStream(
      plan.batches, steps: plan.stage.steps.upperBound, communicator: communicator, readers: readers,
      patience: patience)
    layout = plan.layout(of: encoder)
    parameters = Matrix.zeros(rows: 1, columns: layout.count)
    statistics = Matrix.zeros(rows: 1, columns: encoder.layout.statistics.count)
    statisticsBefore = Matrix(rows: 1, columns: statistics.columns)
    optimizer = plan.optimizer(layout)
    groups = GroupedParameters(plan.groups, layout, encoder: encoder.layout)
    start = plan.start
    gradients = plan.gradients(layout, of: encoder, communicator)
    average = plan.average.map {
      MovingAverage($0, parameters: encoder.layout.parameters.count, statistics: encoder.layout.statistics.count)
    }
    begin()
  }

  /// Takes one step on the next batch, if none is given, going on to the next stage where one has ended: features,
  /// embeddings, all ranks' rows, losses, their gradients back through the encoder and summed over ranks, weights,
  /// update.
  /// - Throws: `AgreedFailure` where a rank cannot load its rows, `NonFiniteStep` on all ranks where a loss or gradient
  ///   is not finite.
  public func advance(on given: GlobalBatch? = nil) throws -> StepReport {
    clock = StepClock(records: recordedSteps?.contains(step + 1) ?? false)
    goOn()
    let batch = try given ?? batches.batch(step: step) { clock.enter(.communicate) }
    let pass = pass(batch.cut)
    statisticsBefore.pointer.update(from: statistics.pointer, count: statistics.count)
    clock.enter(.forward)
    let encoding = encode(batch)
    let rows = gather(encoding.embeddings, batch, at: step)
    let losses = plan.objectives.evaluate(rows, parameters: classifierParameters)

    clock.enter(.backward)
    // Weights by the embeddings' gradients, or of a step before, are known before the gradients travel back, so one
    // combination of them travels for all.
    let held = plan.weightCourse.held(solution, at: step, present: losses.present)
    let early =
      plan.weighting.precedesBackward
      ? weigh(losses, GradientSet.gram(losses.gradients, pass), held)
      : held.map { GradientBalance(weights: $0, gram: nil) }
    let travelling = early.map { [GradientSet.combined(losses.gradients, $0.weights)] } ?? losses.gradients
    gradients.backward(travelling, encoding, classifier: losses.classifier, pass)
    gradients.leaveOut(pass.frozen)
    let balance = early ?? weigh(losses, gradients.gram(), held)
    gradients.combine(balance.weights, classifier: classifierWeight(losses))
    let lengths = gradients.clip(to: plan.gradientNorm, classifierLength: sharedLength)

    guard areFinite(losses, balance, lengths) else { throw undo(batch, report(batch, losses, balance)) }
    solution = WeightSolution(weights: balance.weights, present: losses.present)
    let rate = plan.schedules.rate(at: step)
    optimizer.update(parameters, gradient: gradients.direction) { self.rate(of: $0, learningRate: rate) }
    clock.within(.communicate) { shareStatistics(except: pass.frozen.statisticRanges) }
    average?.follow(parameters, statistics, step: step + 1)
    defer { step += 1 }
    return report(batch, losses, balance)
  }

  /// Takes one step on features in memory.
  /// - Parameters:
  ///   - features: the features of this rank's rows, bins × (rows · frames).
  ///   - speakers: the speakers of all rows of the global batch, by number.
  /// - Throws: `NonFiniteStep` on all ranks where a loss or gradient is not finite.
  public func learn(_ features: Matrix, speakers: [Int]) throws -> StepMetrics {
    try advance(
      on: GlobalBatch(features: features, speakers: speakers, cut: batches.cut(rows: speakers.count))
    ).metrics
  }

  /// The pass of this rank on all its rows of a batch.
  func pass(_ cut: BatchCut) -> BatchPass { passes(cut, microBatches: 1)[0] }

  private func passes(_ cut: BatchCut, microBatches: Int) -> [BatchPass] {
    let frozen = groups.frozen(at: step)
    return cut.microBatches(microBatches, of: communicator.rank).map {
      BatchPass(parameters, $0, plan, frozen: frozen, communicator: communicator, clock: clock)
    }
  }

  /// Sends this rank's rows of a batch through the encoder.
  private func encode(_ batch: GlobalBatch) -> BatchEncoding {
    BatchEncoding(
      batch.features, through: encoder, passes(batch.cut, microBatches: plan.microBatches), statistics: statistics,
      keepsActivations: keepsActivations)
  }

  /// The losses of a batch with the current parameters and the schedules' values for a step, as a gradient check needs
  /// them.
  func losses(
    _ batch: GlobalBatch, at step: Int, held: ObjectiveBatch.Held
  ) -> (losses: BatchObjectives.Losses, encoding: BatchEncoding) {
    let encoding = encode(batch)
    let rows = gather(encoding.embeddings, batch, at: step, held: held)
    return (plan.objectives.evaluate(rows, parameters: classifierParameters), encoding)
  }

  /// Gathers the rows of all ranks, with the schedules' values for a step.
  private func gather(
    _ embeddings: Matrix, _ batch: GlobalBatch, at step: Int, held: ObjectiveBatch.Held? = nil
  ) -> GatheredRows {
    GatheredRows(
      embeddings, speakers: batch.speakers, cut: batch.cut, moment: plan.schedules.moment(at: step), held: held,
      pieces: plan.objectives.pieces, communicator: communicator)
  }

  /// The rate of a parameter in the current step, after the backward pass.
  private func rate(of parameter: Parameter, learningRate: Double) -> UpdateRate? {
    var rate = groups.rate(of: parameter, learningRate: learningRate, at: step)
    if parameter.offset >= encoder.layout.parameters.count { rate?.elements = gradients.written }
    return rate
  }

  /// The classifier's parameters, in one row.
  private var classifierParameters: MatrixView { parameters.columns(encoder.layout.parameters.count..<layout.count) }

  /// Weighs the gradients, unless they have the weights of a step before. All ranks take the weights of rank 0.
  private func weigh(_ losses: BatchObjectives.Losses, _ gram: [[Double]], _ held: [Double]?) -> GradientBalance {
    if let held { return GradientBalance(weights: held, gram: gram) }
    let found = plan.weighting.weights(
      at: GradientWeighting.Step(
        number: step, objectives: plan.objectives.names, gram: gram, losses: losses.values, present: losses.present))
    let all = found.map { plan.weightCourse.smoothed($0, after: solution, present: losses.present) }
    return GradientBalance(
      weights: (all ?? losses.values.map { _ in .nan }).map { communicator.broadcast($0) }, gram: gram)
  }

  /// The factor of the gradient of the classifier's parameters, with the objective that it belongs to.
  private func classifierWeight(_ losses: BatchObjectives.Losses) -> (objective: Int, weight: Double)? {
    losses.classifier.map { ($0.objective, plan.weighting.classifierWeight(of: plan.objectives.names[$0.objective])) }
  }

  /// Restores the trainer's state before a step whose numbers are not finite, and returns the step's error.
  private func undo(_ batch: GlobalBatch, _ report: StepReport) -> NonFiniteStep {
    statistics.pointer.update(from: statisticsBefore.pointer, count: statistics.count)
    return NonFiniteStep(report, finiteRows: finiteRows(of: batch))
  }

  /// The report of the current step.
  private func report(
    _ batch: GlobalBatch, _ losses: BatchObjectives.Losses, _ balance: GradientBalance
  ) -> StepReport {
    var metrics = StepMetrics(
      step: step + 1, epoch: plan.batches.sampler.position(of: step).epoch, objectives: plan.objectives.names)
    if plan.stage.count > 1 { metrics.stage = plan.stage.number }
    metrics.add(losses, balance)
    metrics.add(clock, rows: batch.speakers.count)
    metrics.learningRate = plan.schedules.rate(at: step)
    metrics.margin = plan.schedules.margin(at: step)
    metrics.skipped = Double(skipped)
    var report = StepReport(
      metrics: metrics, rows: batch.rows, unreadable: batch.unreadable,
      unreadableRecordings: batch.unreadableRecordings, averaged: batch.averaged)
    report.sections = clock.times(of: step + 1)
    return report
  }
}
