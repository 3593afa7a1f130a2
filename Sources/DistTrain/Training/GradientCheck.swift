import Foundation

/// Compares the objectives' gradients with central differences of their losses, on the first global batch of a run, by
/// the settings of its first stage, and with the parameters that the run begins with.
///
/// The batch is loaded once. Margin and attention are those of the last step, because a schedule that begins at zero
/// would leave them out. Normalisation is by the batch's statistics. Values that count as constants in a gradient, such
/// as attention, are held constant in the losses.
///
/// Activations are single precision, so a loss is known to a few 10⁻⁷ of its size. The check measures that and takes
/// steps that change the losses by much more, where the tensor's scale allows it.
package final class GradientCheck {
  package let communicator: any Communicator
  /// The number of rows of the global batch.
  package var rows: Int { batch.speakers.count }
  package var margin: Double { trainer.plan.schedules.margin(at: last) }
  /// The names of the objectives, in whose order losses, noise and gradients are.
  package var objectives: [String] { trainer.plan.objectives.names }
  /// The losses at the initial parameters.
  package let losses: [Double]
  /// The standard deviation by which rounding moves each of the losses.
  package private(set) var noise: [Double] = []
  /// The objectives' gradients of all parameters, summed over ranks.
  package let gradients: [Matrix]
  /// All tensors: the encoder's, followed by the classifier's.
  package var tensors: [Parameter] { trainer.layout.parameters }

  private let trainer: Trainer
  /// The number of steps after which schedules have come to their last values.
  private var last: Int { trainer.plan.stage.steps.upperBound }
  private let batch: GlobalBatch
  private let held = ObjectiveBatch.Held()
  /// The index of the objective that trains the classifier.
  private let owner: Int?

  /// - Throws: `AgreedFailure` where a rank cannot load its rows, or a loss or gradient is not finite.
  package init(encoder: any Encoder, plan: TrainingPlan, communicator: any Communicator) throws {
    self.communicator = communicator
    trainer = Trainer(encoder: encoder, plan: plan, communicator: communicator)
    batch = try trainer.batches.batch(step: 0)
    let (outcome, encoding) = trainer.losses(batch, at: plan.stage.steps.upperBound, held: held)
    losses = outcome.values
    owner = outcome.classifier?.objective
    let pass = trainer.pass(batch.cut)
    let set = GradientSet(
      trainer.layout, encoder: encoder.layout.parameters.count, count: losses.count, nodes: 1,
      accumulates: encoding.passes.count > 1, sumsClassifier: trainer.plan.objectives.pieces == nil)
    set.backward(outcome.gradients, encoding, classifier: outcome.classifier, pass)
    gradients = set.wholeSums(classifier: owner)
    try communicator.agree { [losses, gradients] in
      guard losses.allSatisfy(\.isFinite), gradients.allSatisfy({ $0.elements.allSatisfy(\.isFinite) }) else {
        throw Failure(.failed, "a loss or gradient of the first batch is not finite (losses \(losses))")
      }
    }
    noise = measureNoise()
  }

  /// Measures how far the losses move when every parameter moves by at most its last bit.
  private func measureNoise() -> [Double] {
    let parameters = trainer.parameters
    let values = parameters.values
    var squares = losses.map { _ in 0.0 }
    let draws = 6
    for draw in 0..<draws {
      var stream = RandomStream(seed: trainer.plan.seed, purpose: .gradientCheck, occurrence: draw + 1)
      for index in values.indices where stream.below(2) == 0 {
        parameters.pointer[index] = stream.below(2) == 0 ? values[index].nextUp : values[index].nextDown
      }
      for (objective, loss) in lossesNow().enumerated() { squares[objective] += pow(loss - losses[objective], 2) }
      parameters.pointer.update(from: values, count: values.count)
    }
    // Few draws may show too little, so the least is half a unit in the last place of the loss in single precision.
    return zip(squares, losses).map { max(($0 / Double(draws)).squareRoot(), 3e-8 * max(abs($1), 1)) }
  }

  private func lossesNow() -> [Double] {
    trainer.losses(batch, at: last, held: held).losses.values
  }

  /// Compares gradients, usually those of this check, with central differences.
  /// - Parameters:
  ///   - gradients: the gradients of all parameters, one for each objective, which are equal on all ranks.
  ///   - tensors: the tensors to compare, usually all.
  ///   - elements: the number of elements of each tensor, which are drawn from the run's seed.
  ///   - report: is called with each tensor's comparisons as soon as they are made.
  /// - Returns: all comparisons.
  package func compare(
    _ gradients: [Matrix], tensors: [Parameter], elements: Int = 2,
    report: ([GradientComparison]) -> Void = { _ in }
  ) -> [GradientComparison] {
    tensors.flatMap { tensor in
      let comparisons = directions(tensor, elements: elements).flatMap { compare(tensor, along: $0, gradients) }
      report(comparisons)
      return comparisons
    }
  }

  private func directions(_ tensor: Parameter, elements: Int) -> [GradientComparison.Direction] {
    var stream = stream(tensor)
    var drawn: [Int] = []
    while drawn.count < min(elements, tensor.count) {
      let element = stream.below(tensor.count)
      if !drawn.contains(element) { drawn.append(element) }
    }
    return drawn.map { .element($0) } + [.signs, .gradient]
  }

  private func stream(_ tensor: Parameter, view: Int = 0) -> RandomStream {
    RandomStream(seed: trainer.plan.seed, purpose: .gradientCheck, item: tensor.offset, view: view)
  }

  private func compare(
    _ tensor: Parameter, along direction: GradientComparison.Direction, _ gradients: [Matrix]
  ) -> [GradientComparison] {
    // By design, the classifier takes no gradient from objectives other than its own.
    let isClassifiers = tensor.offset >= trainer.encoder.layout.parameters.count
    let objectives = losses.indices.filter { !isClassifiers || $0 == owner }
    guard direction == .gradient else {
      let ladder = ladder(tensor, along: line(tensor, direction), gradients)
      return objectives.map { compare(tensor, direction, $0, ladder, gradients) }
    }
    return objectives.map {
      let ladder = ladder(tensor, along: unit(gradients[$0], tensor), gradients)
      return compare(tensor, direction, $0, ladder, gradients)
    }
  }

  private func compare(
    _ tensor: Parameter, _ direction: GradientComparison.Direction, _ objective: Int,
    _ ladder: SlopeLadder, _ gradients: [Matrix]
  ) -> GradientComparison {
    let noise = Self.deviations * noise[objective]
    func comparison(_ rung: Int) -> GradientComparison {
      let taken = ladder.measurement(rung)
      return GradientComparison(
        tensor: tensor, direction: direction, objective: objectives[objective], analytic: taken.slopes[objective],
        numeric: taken.quotients[objective], uncertainty: noise / taken.step)
    }
    let length = length(tensor, gradients[objective])
    // Rounding may hide twice the usual slope of an element. Along a gradient it may hide a twelfth of the gradient's
    // length, or the usual slope of an element if that is more.
    let usual = length / Double(tensor.count).squareRoot()
    let limit = direction == .gradient ? max(usual, length / 12) : 2 * usual
    let slope = direction == .gradient ? length : abs(ladder.slopes[objective])
    let first = ladder.rung(step: 2 * noise / (GradientComparison.bound * slope))
    // A loss so flat that the longest step shows little may be curved, so shorter steps count, whatever they hide.
    let sure = direction == .gradient ? (first == 0 ? 1 : first) : first + 2
    var best = comparison(first)
    for rung in first + 1..<first + 8 where !best.agrees {
      let next = comparison(rung)
      if next.uncertainty > limit && rung > sure { break }
      if next.excess < best.excess { best = next }
    }
    return best
  }

  private func length(_ tensor: Parameter, _ gradient: Matrix) -> Double {
    tensor.range.reduce(0) { $0 + pow(Double(gradient.pointer[$1]), 2) }.squareRoot()
  }

  /// The standard deviations of rounding that a difference may have, since a thousand comparisons meet three of them.
  private static var deviations: Double { 4 }

  /// The direction, of length one, of an element or of random signs.
  private func line(_ tensor: Parameter, _ direction: GradientComparison.Direction) -> [Double] {
    if case .element(let index) = direction { return (0..<tensor.count).map { $0 == index ? 1 : 0 } }
    var stream = stream(tensor, view: 1)
    let size = 1 / Double(tensor.count).squareRoot()
    return (0..<tensor.count).map { _ in stream.below(2) == 0 ? size : -size }
  }

  private func unit(_ gradient: Matrix, _ tensor: Parameter) -> [Double] {
    let length = length(tensor, gradient)
    return tensor.range.map { length > 0 ? Double(gradient.pointer[$0]) / length : 0 }
  }

  private func dot(_ line: [Double], _ gradient: Matrix, _ tensor: Parameter) -> Double {
    line.indices.reduce(0) { $0 + line[$1] * Double(gradient.pointer[tensor.offset + $1]) }
  }

  /// The measurements along a direction.
  private func ladder(_ tensor: Parameter, along line: [Double], _ gradients: [Matrix]) -> SlopeLadder {
    let square = tensor.range.reduce(0.0) { $0 + pow(Double(trainer.parameters.pointer[$1]), 2) }
    let scale = max((square / Double(tensor.count)).squareRoot(), 0.05)
    // One element may move by as much as the scale of the tensor, and all of them by a fiftieth of it.
    let longest = line.count { $0 != 0 } > 1 ? 0.02 * scale * Double(tensor.count).squareRoot() : scale
    return SlopeLadder(longest: longest, slopes: gradients.map { dot(line, $0, tensor) }) { step in
      self.measure(tensor, line, step: step, gradients)
    }
  }

  /// Measures the losses one step along a direction from a tensor's values and one step back from them. The parameters'
  /// rounding changes the step a little, so both sides of the comparison follow the change that was really made.
  private func measure(
    _ tensor: Parameter, _ line: [Double], step: Double, _ gradients: [Matrix]
  ) -> SlopeMeasurement {
    let start = trainer.parameters.pointer + tensor.offset
    let values = line.indices.map { start[$0] }
    var moved = [[Float]]()
    var losses = [[Double]]()
    for side in [step, -step] {
      for index in line.indices { start[index] = Float(Double(values[index]) + side * line[index]) }
      moved.append(line.indices.map { start[$0] })
      losses.append(lossesNow())
    }
    start.update(from: values, count: values.count)
    let way = zip(moved[0], moved[1]).map { (Double($0) - Double($1)) / (2 * step) }
    return SlopeMeasurement(
      step: step, slopes: gradients.map { dot(way, $0, tensor) },
      quotients: zip(losses[0], losses[1]).map { ($0 - $1) / (2 * step) })
  }
}

extension GradientCheck {
  /// A check of the encoder, corpus and first batch that a configuration names.
  /// - Parameter say: is called on rank 0 with lines about the encoder that the run starts from.
  /// - Throws: `AgreedFailure`, on all ranks.
  package convenience init(
    _ configuration: Configuration, communicator: any Communicator, say: (String) -> Void = { _ in }
  ) throws {
    if communicator.rank == 0, !configuration.stages.isEmpty {
      say("note: checked by the settings of the first of \(configuration.stages.count) stages")
    }
    // Losses that are computed from products in bf16 are too coarse for differences.
    var configuration = configuration.ofFirstStage
    configuration.training.precision = .single
    let start = try StoredEncoder.start(of: configuration, communicator, say: say)
    let plan = try communicator.agree { [configuration] in
      guard !configuration.classification.sharded || communicator.size == 1 else {
        throw Failure(
          .usage,
          "classification.sharded: gradients of prototypes that \(communicator.size.counted("rank")) share are not "
            + "compared: check them on one rank, whose gradients they have")
      }
      try TrainingPlan.checkRows(configuration, ranks: communicator.size)
      return try TrainingPlan(configuration, start: start)
    }
    try self.init(encoder: configuration.network, plan: plan, communicator: communicator)
  }
}
