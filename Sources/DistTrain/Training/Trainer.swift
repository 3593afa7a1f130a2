internal import CKernels

/// Trains an encoder and the speakers' prototypes: the parameters, their optimiser, and one step.
///
/// All ranks hold the same parameters and take the same branches: whatever decides anything was summed or broadcast.
package final class Trainer {
  package let encoder: any Encoder
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
  package internal(set) var unreadable: [Int] = [] {
    didSet { known = Set(unreadable) }
  }
  /// The same, for looking up.
  private var known: Set<Int> = []
  /// What this rank's rows of the last step were.
  package private(set) var loadedRows: [LoadedRow] = []
  /// How often training went back to a checkpoint; rows that come again have other crops for it.
  package var rollbacks = 0
  /// Steps whose update was left out.
  package internal(set) var skipped = 0
  /// One like the parameters for each gradient that travels through the encoder, for each of this rank's nodes of the tree
  /// in which a batch is summed.
  private(set) var gradients: [[Matrix]]
  let prototypes: Parameter
  /// The running statistics before the step under way.
  private let statisticsBefore: Matrix
  private var clock = StepClock()
  private let reader: BatchReader

  /// A trainer at its start: parameters drawn from the plan's seed.
  /// - Parameters:
  ///   - readers: threads that load the next batch beside the computation.
  ///   - patience: seconds that a batch may take to be read.
  package init(
    encoder: any Encoder, plan: TrainingPlan, communicator: any Communicator, readers: Int = 1,
    patience: Double = .infinity
  ) {
    self.encoder = encoder
    reader = BatchReader(threads: readers, patience: patience)
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
    statisticsBefore = Matrix(rows: 1, columns: statistics.columns)
    gradients = Array(repeating: [], count: plan.weighting.buffers)
    optimizer = plan.optimizer(layout)
    prepareGradients(for: cut(rows: plan.sampler.rows))
    begin()
  }

  private var encoderRange: Range<Int> { 0..<encoder.layout.parameters.count }

  /// One step: features, embeddings, both losses, gradients, weights, update.
  /// - Returns: what was measured, and utterances newly found unreadable on any rank.
  /// - Throws: `AgreedFailure` when a rank cannot load its rows, `NonFiniteStep` on all ranks when a loss or gradient is
  ///   not finite.
  package func advance() throws -> (metrics: StepMetrics, unreadable: [BatchLoader.Unreadable]) {
    clock = StepClock()
    communicator.announce("loading the rows of step \(step + 1)")
    let batch = try load()
    communicator.announce("step \(step + 1)")
    let found = clock.within(.communicate) { share(batch.unreadable) }
    if !found.isEmpty {
      unreadable += found.map(\.utterance)
      reload(found)
    }
    do {
      return (try update(batch.rows), found)
    } catch var broken as NonFiniteStep {
      broken.unreadable = found
      throw broken
    }
  }

  /// One step on a given batch.
  /// - Parameters:
  ///   - features: of this rank's rows, bins × (rows · frames).
  ///   - speakers: y of all rows of the global batch.
  /// - Throws: `NonFiniteStep` on all ranks when a loss or gradient is not finite.
  package func learn(_ features: Matrix, speakers: [Int]) throws -> StepMetrics {
    clock = StepClock()
    return try update(GlobalBatch(features: features, speakers: speakers, cut: cut(rows: speakers.count)))
  }

  private func update(_ batch: GlobalBatch) throws -> StepMetrics {
    statisticsBefore.pointer.update(from: statistics.pointer, count: statistics.count)
    let margin = plan.margin.margin(at: step)
    let (outcome, pullback) = evaluate(batch, margin: margin, warmth: plan.warmth(at: step), statistics: statistics)

    clock.enter(.backward)
    let balance = direction(outcome, batch.cut, pullback: pullback)
    let rate = plan.learningRate.rate(at: step)
    let gradient = gradients[0][0]
    let lengths = [
      GradientClipping.clip(gradient, encoderRange, to: plan.gradientNorm),
      GradientClipping.clip(gradient, prototypes.range, to: plan.gradientNorm),
    ]
    guard areFinite(outcome, balance, lengths) else {
      statistics.pointer.update(from: statisticsBefore.pointer, count: statistics.count)
      throw NonFiniteStep(
        metrics: metrics(outcome, balance, rows: batch.speakers.count, rate: rate, margin: margin),
        finiteRows: finiteRows(of: batch))
    }
    optimizer.update(parameters, gradient: gradient, learningRate: rate)
    clock.within(.communicate) { shareStatistics() }

    let metrics = metrics(outcome, balance, rows: batch.speakers.count, rate: rate, margin: margin)
    step += 1
    return metrics
  }

  /// The next step's global batch with the features of this rank's rows, and which utterances it could not read.
  func load() throws -> (rows: GlobalBatch, unreadable: [BatchLoader.Unreadable]) {
    let rows = plan.sampler.batch(step: step, rollbacks: rollbacks)
    let cut = cut(rows: rows.count)
    let loaded = try communicator.agree { try reader.take(step: step) ?? reader.read(step: step, reading(step, rows)) }
    loadedRows = loaded.rows
    readAhead()
    return (
      GlobalBatch(features: loaded.features, speakers: rows.map(\.speaker), cut: cut), loaded.unreadable
    )
  }

  private func readAhead() {
    var next = (reader.steps.last ?? step) + 1
    while next < plan.steps, reader.steps.count < BatchReader.depth {
      reader.readAhead(step: next, reading(next, plan.sampler.batch(step: next, rollbacks: rollbacks)))
      next += 1
    }
  }

  /// Begins batches anew whose speakers have an utterance that is known to be unreadable only now: what a batch is made of
  /// depends on the steps before it, never on how far ahead it was read.
  private func reload(_ found: [BatchLoader.Unreadable]) {
    let speakers = Set(found.map { plan.corpus.utterances[$0.utterance].speaker })
    let affected = reader.steps.first { step in
      plan.sampler.batch(step: step, rollbacks: rollbacks).contains { speakers.contains($0.speaker) }
    }
    guard let affected else { return }
    reader.discard(from: affected)
    readAhead()
  }

  /// Which of a batch's rows each rank has.
  package func cut(rows: Int) -> BatchCut { BatchCut(rows: rows, unit: plan.unit, ranks: communicator.size) }

  /// What loads this rank's share of a batch.
  private func reading(_ step: Int, _ rows: [BatchRow]) -> @Sendable (ThreadTeam) throws -> BatchLoader.Batch {
    let own = cut(rows: rows.count).rows(of: communicator.rank)
    let seconds = plan.cropLengths.seconds(step: step)
    return { [loader = plan.loader, known] readers in
      try loader.load(rows, own: own, unreadable: known, seconds: seconds, readers: readers)
    }
  }

  /// Both objectives of a batch with the present parameters.
  /// - Parameters:
  ///   - statistics: running statistics, which the batch's own move.
  ///   - attention: a of all rows, in place of what the parameters say.
  func evaluate(
    _ batch: GlobalBatch, margin: Double, warmth: Double, statistics: Matrix, attention: [Double]? = nil
  ) -> (outcome: BatchObjectives.Outcome, pullback: Pullback) {
    clock.enter(.forward)
    let (embeddings, pullback) = encoder.encode(
      batch.features, utterances: batch.cut.rows(of: communicator.rank).count,
      ForwardPass(
        mode: .training, parameters: parameters, statistics: statistics, units: units(batch.cut),
        combine: batchSum(batch.cut), precision: plan.precision))
    let outcome = plan.objectives.evaluate(
      embeddings: embeddings, speakers: batch.speakers, cut: batch.cut, prototypes: prototypeMatrix,
      margin: margin, warmth: warmth, attention: attention, communicator: communicator)
    return (outcome, pullback)
  }

  private func units(_ cut: BatchCut) -> BatchUnits { cut.units(of: communicator.rank) }

  /// Sums batch statistics over all ranks' units; nil where ranks keep their own.
  private func batchSum(_ cut: BatchCut) -> BatchSum? {
    guard plan.sharesBatchStatistics else { return nil }
    let units = units(cut)
    return { [self] values, width in
      let before = clock.enter(.communicate)
      defer { clock.enter(before) }
      return communicator.sum(units.nodeSums(values, width: width), width: width, of: cut.shares)
    }
  }

  /// Every rank's unreadable utterances, on every rank, in the order of ranks, each once.
  private func share(_ own: [BatchLoader.Unreadable]) -> [BatchLoader.Unreadable] {
    guard communicator.maximum(Double(own.count)) > 0 else { return [] }
    let text = own.map { "\($0.utterance)\t\($0.reason)" }.joined(separator: "\n")
    var seen = known
    return communicator.gather(text).flatMap { $0.split(separator: "\n") }.compactMap { line in
      let fields = line.split(separator: "\t", maxSplits: 1)
      guard let utterance = Int(fields[0]), seen.insert(utterance).inserted else { return nil }
      return BatchLoader.Unreadable(utterance: utterance, reason: String(fields[1]))
    }
  }

  /// What the step under way measured.
  private func metrics(
    _ outcome: BatchObjectives.Outcome, _ balance: GradientBalance, rows: Int, rate: Double, margin: Double
  ) -> StepMetrics {
    var metrics = StepMetrics(step: step + 1, epoch: step / plan.sampler.stepsPerEpoch)
    metrics.classificationLoss = outcome.classificationLoss
    metrics.contrastiveLoss = outcome.contrastiveLoss
    metrics.alpha = balance.alpha
    metrics.classificationGradientNorm = balance.norms[0]
    metrics.contrastiveGradientNorm = balance.norms[1]
    metrics.gradientCosine = balance.cosine
    metrics.anchors = Double(outcome.anchors)
    metrics.learningRate = rate
    metrics.margin = margin
    metrics.skipped = Double(skipped)
    metrics.loadSeconds = clock.spent(.load)
    metrics.forwardSeconds = clock.spent(.forward)
    metrics.backwardSeconds = clock.spent(.backward)
    metrics.communicateSeconds = clock.spent(.communicate)
    metrics.overlappedSeconds = clock.overlapped
    metrics.totalSeconds = clock.total
    metrics.utterancesPerSecond = Double(rows) / clock.total
    return metrics
  }

  /// Leaves in the first gradient what the parameters follow: the weighted objectives' for the encoder, the
  /// classification's for the prototypes.
  private func direction(_ outcome: BatchObjectives.Outcome, _ cut: BatchCut, pullback: Pullback) -> GradientBalance {
    prepareGradients(for: cut)
    let balance: GradientBalance
    switch plan.weighting {
    case .parameters(let solver):
      backward(outcome.gradients, outcome, cut, pullback: pullback, into: gradients)
      let sums = gradients.map { $0[0] }
      balance = weigh(gram { dot(sums[$0], sums[$1], encoderRange) }, outcome, solver: solver)
      ck_combine(
        sums[0].pointer, sums[1].pointer, sums[0].pointer, encoderRange.count, Float(balance.weights[0]),
        Float(balance.weights[1]))
    case .representation(let solver):
      balance = weigh(representationGram(outcome.gradients, cut), outcome, solver: solver)
      backward([combined(outcome.gradients, balance.weights)], outcome, cut, pullback: pullback, into: gradients)
    case .fixed(let coefficients):
      balance = GradientBalance(weights: coefficients, gram: representationGram(outcome.gradients, cut))
      backward([combined(outcome.gradients, coefficients)], outcome, cut, pullback: pullback, into: gradients)
    }
    let start = gradients[0][0].pointer + prototypes.offset
    ck_affine(start, start, prototypes.count, Float(plan.weighting.classifierWeight), 0)
    return balance
  }

  /// Both objectives' gradients of all parameters, summed over ranks.
  func gradients(_ outcome: BatchObjectives.Outcome, _ cut: BatchCut, pullback: Pullback) -> [Matrix] {
    let buffers = outcome.gradients.map { _ in newGradients(for: cut) }
    backward(outcome.gradients, outcome, cut, pullback: pullback, into: buffers)
    return buffers.map { $0[0] }
  }

  private func newGradients(for cut: BatchCut) -> [Matrix] {
    units(cut).nodes.map { _ in Matrix.zeros(rows: 1, columns: layout.count) }
  }

  /// A run's batches have one size, but a batch may be given that has another.
  private func prepareGradients(for cut: BatchCut) {
    let nodes = units(cut).nodes.count
    for index in gradients.indices where gradients[index].count != nodes { gradients[index] = newGradients(for: cut) }
  }

  /// Sends the embeddings' gradients through the encoder and sums the parameters' over ranks, bucket after bucket as they
  /// become final. The prototypes belong to the first objective alone.
  private func backward(
    _ embeddingGradients: [Matrix], _ outcome: BatchObjectives.Outcome, _ cut: BatchCut, pullback: Pullback,
    into gradients: [[Matrix]]
  ) {
    for buffer in gradients.joined() { buffer.pointer.update(repeating: 0, count: buffer.count) }
    for (buffer, own) in zip(gradients[0], outcome.directionGradients) {
      (buffer.pointer + prototypes.offset).update(from: own.pointer, count: prototypes.count)
    }
    let buckets = GradientBuckets(
      gradients, of: cut.shares, encoder: encoderRange.count, communicator: communicator
    ) { [clock] in clock.spent(.backward) }
    clock.within(.communicate) { buckets.start(prototypes.range, of: 0) }
    let pass = BackwardPass(
      parameters: parameters, gradients: gradients, units: units(cut),
      combine: looking(at: buckets, batchSum(cut)),
      finished: { [clock] offset in clock.within(.communicate) { buckets.finished(from: offset) } },
      precision: plan.precision)
    pullback(embeddingGradients, pass)
    clock.within(.communicate) { buckets.finish() }
    clock.overlapped += buckets.overlappedSeconds

    let directions = MatrixView(
      gradients[0][0].pointer + prototypes.offset, rows: prototypes.shape[0], columns: prototypes.shape[1])
    outcome.directions.backward(directions, into: directions)
  }

  /// Every normalisation comes by here, often enough to move the buckets' sums on; its own sum moves them too.
  private func looking(at buckets: GradientBuckets, _ sum: BatchSum?) -> BatchSum? {
    guard let sum else { return nil }
    return { [clock] values, width in
      clock.within(.communicate) { buckets.look() }
      defer { clock.within(.communicate) { buckets.look() } }
      return sum(values, width)
    }
  }

  private func combined(_ gradients: [Matrix], _ weights: [Double]) -> Matrix {
    let result = Matrix(rows: gradients[0].rows, columns: gradients[0].columns)
    ck_combine(
      gradients[0].pointer, gradients[1].pointer, result.pointer, result.count, Float(weights[0]), Float(weights[1]))
    return result
  }

  private func gram(_ product: (_ first: Int, _ second: Int) -> Double) -> [[Double]] {
    let inner = product(0, 1)
    return [[product(0, 0), inner], [inner, product(1, 1)]]
  }

  private func dot(_ first: Matrix, _ second: Matrix, _ range: Range<Int>) -> Double {
    ck_dot(first.pointer + range.lowerBound, second.pointer + range.lowerBound, range.count)
  }

  /// Of the embeddings' gradients, over all ranks' units.
  private func representationGram(_ gradients: [Matrix], _ cut: BatchCut) -> [[Double]] {
    let units = units(cut)
    let products = units.ranges(of: gradients[0].count).flatMap { range in
      [(0, 0), (0, 1), (1, 1)].map { dot(gradients[$0], gradients[$1], range) }
    }
    let sums = communicator.sum(units.nodeSums(products, width: 3), width: 3, of: cut.shares)
    return gram { sums[$0 + $1] }
  }

  /// Rank 0 solves, all get its weights.
  private func weigh(
    _ gram: [[Double]], _ outcome: BatchObjectives.Outcome, solver: MinNormSolver
  ) -> GradientBalance {
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
