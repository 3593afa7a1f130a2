internal import CKernels

/// Trains an encoder and the speakers' prototypes: the parameters, their optimiser, and one step.
///
/// All ranks hold the same parameters and take the same branches: whatever decides anything was summed or broadcast.
package final class Trainer<Network: Encoder> {
  package let encoder: Network
  package let communicator: any Communicator
  package let plan: TrainingPlan
  /// The encoder's parameters, then the prototypes: one flat buffer.
  package let layout: ParameterLayout
  package let parameters: Matrix
  /// The encoder's running statistics.
  package let statistics: Matrix
  package let optimizer: any Optimizer
  /// Steps done.
  package internal(set) var step = 0
  /// Utterances that could not be read, in the order they were met.
  package internal(set) var unreadable: [Int] = []
  /// One like the parameters for each gradient that travels through the encoder.
  private let gradients: [Matrix]
  private let prototypes: Parameter
  private var clock = StepClock()

  /// A trainer at its start: parameters drawn from the plan's seed.
  package init(encoder: Network, plan: TrainingPlan, communicator: any Communicator) {
    self.encoder = encoder
    self.plan = plan
    self.communicator = communicator
    var layout = encoder.layout.parameters
    let rows = plan.corpus.speakers.count * plan.objectives.subcenters
    // Xavier's uniform distribution, as wespeaker starts its projection.
    let bound = (6 / Float(rows + encoder.dimensions)).squareRoot()
    prototypes = layout.add(
      "projection.weight", shape: [rows, encoder.dimensions], initialisation: .uniform(bound: bound), decays: true)
    self.layout = layout
    parameters = Matrix.zeros(rows: 1, columns: layout.count)
    statistics = Matrix.zeros(rows: 1, columns: encoder.layout.statistics.count)
    layout.initialise(parameters.pointer, seed: plan.seed)
    encoder.layout.statistics.initialise(statistics.pointer, seed: plan.seed)
    gradients = (0..<plan.weighting.buffers).map { _ in Matrix.zeros(rows: 1, columns: layout.count) }
    optimizer = plan.optimizer(layout)
  }

  private var encoderRange: Range<Int> { 0..<encoder.layout.parameters.count }

  /// One step: features, embeddings, both losses, gradients, weights, update.
  /// - Returns: what was measured, and utterances newly found unreadable on any rank.
  /// - Throws: `Failure` when this rank cannot load its rows, or when gradients are not finite.
  package func advance() throws -> (metrics: StepMetrics, unreadable: [BatchLoader.Unreadable]) {
    clock = StepClock()
    let rows = plan.sampler.batch(step: step)
    let shares = (0..<communicator.size).map {
      SpeakerBatchSampler.rows(of: $0, size: communicator.size, count: rows.count)
    }
    let own = shares[communicator.rank]
    let batch = try plan.loader.load(rows, own: own, unreadable: Set(unreadable))
    clock.mark(\.load)
    let found = share(batch.unreadable)

    let combine = plan.sharesBatchStatistics ? timed { [communicator] in communicator.sum(&$0) } : { _ in }
    let forward = ForwardPass(
      mode: .training, parameters: parameters.pointer, statistics: statistics.pointer, combine: combine)
    let (embeddings, cache) = encoder.forward(batch.features, utterances: own.count, forward)
    clock.mark(\.forward)

    let margin = plan.margin.margin(at: step)
    let outcome = plan.objectives.evaluate(
      embeddings: embeddings, speakers: rows.map(\.speaker), rows: shares.map(\.count), prototypes: prototypeMatrix,
      margin: margin, warmth: plan.warmth(at: step), communicator: communicator)
    clock.mark(\.communicate)

    let balance = try direction(outcome, cache: cache, combine: combine)
    let rate = plan.learningRate.rate(at: step)
    GradientClipping.clip(gradients[0], encoderRange, to: plan.gradientNorm)
    GradientClipping.clip(gradients[0], prototypes.range, to: plan.gradientNorm)
    optimizer.update(parameters, gradient: gradients[0], learningRate: rate)
    clock.mark(\.backward)

    step += 1
    unreadable += found.map(\.utterance)
    return (metrics(outcome, balance, epoch: rows[0].epoch, rows: rows.count, rate: rate, margin: margin), found)
  }

  /// Leaves in `gradients[0]` what the parameters follow: the weighted objectives' for the encoder, the
  /// classification's for the prototypes.
  private func direction(
    _ outcome: BatchObjectives.Outcome, cache: Network.Cache, combine: @escaping (inout [Double]) -> Void
  ) throws -> GradientBalance {
    for buffer in gradients { buffer.pointer.update(repeating: 0, count: buffer.count) }
    ck_affine(
      outcome.prototypeGradient.pointer, gradients[0].pointer + prototypes.offset, prototypes.count,
      Float(plan.weighting.classifierWeight), 0)
    switch plan.weighting {
    case .parameters(let solver):
      backward(outcome.gradients, cache: cache, combine: combine)
      let balance = try weigh(gradients, in: encoderRange, summed: true, outcome, solver: solver)
      ck_combine(
        gradients[0].pointer, gradients[1].pointer, gradients[0].pointer, encoderRange.count,
        Float(balance.weights[0]), Float(balance.weights[1]))
      return balance
    case .representation(let solver):
      let balance = try weigh(
        outcome.gradients, in: 0..<outcome.gradients[0].count, summed: false, outcome, solver: solver)
      backward([combined(outcome.gradients, balance.weights)], cache: cache, combine: combine)
      return balance
    case .fixed(let coefficients):
      let gram = gram(outcome.gradients, in: 0..<outcome.gradients[0].count, summed: false)
      backward([combined(outcome.gradients, coefficients)], cache: cache, combine: combine)
      return GradientBalance(weights: coefficients, gram: gram)
    }
  }

  /// Sends the embeddings' gradients through the encoder and sums the parameters' over ranks.
  private func backward(
    _ embeddingGradients: [Matrix], cache: Network.Cache, combine: @escaping (inout [Double]) -> Void
  ) {
    let pass = BackwardPass(
      parameters: parameters.pointer, gradients: gradients.map(\.pointer), combine: combine)
    encoder.backward(embeddingGradients, cache: cache, pass)
    clock.mark(\.backward)
    communicator.sum(gradients[0])
    // The prototypes belong to the first objective alone.
    for buffer in gradients.dropFirst() {
      communicator.sum(UnsafeMutableBufferPointer(rebasing: buffer.elements[encoderRange]))
    }
    clock.mark(\.communicate)
  }

  private func combined(_ gradients: [Matrix], _ weights: [Double]) -> Matrix {
    let result = Matrix(rows: gradients[0].rows, columns: gradients[0].columns)
    ck_combine(
      gradients[0].pointer, gradients[1].pointer, result.pointer, result.count, Float(weights[0]), Float(weights[1]))
    return result
  }

  private func gram(_ gradients: [Matrix], in range: Range<Int>, summed: Bool) -> [[Double]] {
    func dot(_ first: Int, _ second: Int) -> Double {
      ck_dot(gradients[first].pointer + range.lowerBound, gradients[second].pointer + range.lowerBound, range.count)
    }
    var products = [dot(0, 0), dot(0, 1), dot(1, 1)]
    if !summed { communicator.sum(&products) }
    return [[products[0], products[1]], [products[1], products[2]]]
  }

  /// Rank 0 solves, all get its weights.
  private func weigh(
    _ gradients: [Matrix], in range: Range<Int>, summed: Bool, _ outcome: BatchObjectives.Outcome,
    solver: MinNormSolver
  ) throws -> GradientBalance {
    let gram = gram(gradients, in: range, summed: summed)
    let solution = solver.weights(
      gram: gram, losses: [outcome.classificationLoss, outcome.contrastiveLoss],
      present: [true, outcome.anchors > 0])
    let weights = (solution ?? [.nan, .nan]).map { communicator.broadcast($0) }
    return GradientBalance(weights: weights, gram: gram)
  }

  private var prototypeMatrix: Matrix {
    let matrix = Matrix(rows: prototypes.shape[0], columns: prototypes.shape[1])
    matrix.pointer.update(from: parameters.pointer + prototypes.offset, count: prototypes.count)
    return matrix
  }
}
