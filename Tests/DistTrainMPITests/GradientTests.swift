import DistTrain
import Testing

extension MPITests {
  /// One step's quantities on all ranks against the same on one.
  ///
  /// Ranks change the order of sums alone. A sum of n floats in another order moves by at most n·ε of the sum of their
  /// magnitudes, ε = 6e-8, and by about √n·ε as a rule; here n is at most 9 rows of 13 frames, so that a product's
  /// element moves by 1e-6. Batch statistics are summed in doubles. Losses see that alone; an encoder's gradient has it
  /// multiplied by the slopes of its thirty normalisations.
  @Suite struct GradientTests {
    private struct Outcome {
      let objectives: BatchObjectives.Outcome
      let buffers: [[Float]]
      let statistics: [Float]
      let prototypes: [Float]
      /// Dot products of the embeddings' gradients over all rows.
      let gram: [Double]
    }

    private static let speakers = [0, 0, 1, 1, 2, 2, 2, 3, 0]
    private static let frames = 13

    @Test(arguments: [true, false], [ClassAwareAttention.Mode.weight, .logit])
    func `both objectives' gradients, statistics and representation equal one rank's`(
      stopGradient: Bool, mode: ClassAwareAttention.Mode
    ) {
      let attention = ClassAwareAttention(mode: mode, scale: 8, stopGradient: stopGradient)
      let alone = evaluate(attention, SoleCommunicator())
      let together = evaluate(attention, World.communicator)
      expectClose(
        [together.objectives.classificationLoss], [alone.objectives.classificationLoss], 1e-6, "classification")
      expectClose([together.objectives.contrastiveLoss], [alone.objectives.contrastiveLoss], 1e-6, "contrastive")
      expectClose(together.statistics, alone.statistics, 1e-6, "running statistics")
      expectClose(together.prototypes, alone.prototypes, 1e-5, "prototypes")
      expectClose(together.gram, alone.gram, 1e-5, "dot products of the embeddings' gradients")
      for objective in 0...1 {
        expectClose(
          together.buffers[objective], alone.buffers[objective], 1e-4, "gradient buffer \(objective)")
      }
      let weights = [together, alone].map { outcome in
        MinNormSolver().weights(
          gram: [[outcome.gram[0], outcome.gram[1]], [outcome.gram[1], outcome.gram[2]]],
          losses: [outcome.objectives.classificationLoss, outcome.objectives.contrastiveLoss], present: [true, true])
      }
      let (first, second) = (weights[0]?[0] ?? .nan, weights[1]?[0] ?? .nan)
      expectOnAllRanks(abs(first - second) < 1e-5, "α in representation space: \(first), \(second)")
    }

    private func expectClose(_ values: [Double], _ expected: [Double], _ bound: Double, _ name: String) {
      let difference = zip(values, expected).reduce(0.0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      let length = expected.reduce(0.0) { $0 + $1 * $1 }
      let distance = (difference / length).squareRoot()
      expectOnAllRanks(length > 0 && distance < bound, "\(name): \(distance)")
    }

    private func expectClose(_ values: [Float], _ expected: [Float], _ bound: Double, _ name: String) {
      expectClose(values.map { Double($0) }, expected.map { Double($0) }, bound, name)
    }

    private func evaluate(_ attention: ClassAwareAttention, _ communicator: any Communicator) -> Outcome {
      var sizes = ECAPATDNN.Sizes()
      sizes.bins = 10
      sizes.channels = 16
      sizes.embedding = 8
      sizes.aggregation = 24
      let encoder = ECAPATDNN(sizes)
      let parameters = Matrix(rows: 1, columns: encoder.layout.parameters.count)
      let statistics = Matrix(rows: 1, columns: encoder.layout.statistics.count)
      encoder.layout.parameters.initialise(parameters.pointer, seed: 6)
      encoder.layout.statistics.initialise(statistics.pointer, seed: 6)
      let shares = (0..<communicator.size).map {
        SpeakerBatchSampler.rows(of: $0, size: communicator.size, count: Self.speakers.count)
      }
      let own = shares[communicator.rank]
      let all = random(10, Self.speakers.count * Self.frames, item: 1)
      let features = Matrix(rows: 10, columns: own.count * Self.frames)
      for row in 0..<10 {
        features.row(row).update(from: all.row(row) + own.lowerBound * Self.frames, count: features.columns)
      }
      let combine = { (numbers: inout [Double]) in communicator.sum(&numbers) }
      let (embeddings, cache) = encoder.forward(
        features, utterances: own.count,
        ForwardPass(
          mode: .training, parameters: parameters.pointer, statistics: statistics.pointer, combine: combine))
      let outcome = objectives(attention).evaluate(
        embeddings: embeddings, speakers: Self.speakers, rows: shares.map(\.count),
        prototypes: random(4, 8, item: 2), margin: 0.2, warmth: 1, communicator: communicator)
      let buffers = (1...2).map { _ in Matrix.zeros(rows: 1, columns: parameters.columns) }
      encoder.backward(
        outcome.gradients, cache: cache,
        BackwardPass(parameters: parameters.pointer, gradients: buffers.map(\.pointer), combine: combine))
      for buffer in buffers { communicator.sum(buffer) }
      communicator.sum(outcome.prototypeGradient)
      var gram = [(0, 0), (0, 1), (1, 1)].map { first, second in
        zip(outcome.gradients[first].values, outcome.gradients[second].values).reduce(0.0) {
          $0 + Double($1.0) * Double($1.1)
        }
      }
      communicator.sum(&gram)
      return Outcome(
        objectives: outcome, buffers: buffers.map(\.values), statistics: statistics.values,
        prototypes: outcome.prototypeGradient.values, gram: gram)
    }

    private func objectives(_ attention: ClassAwareAttention) -> BatchObjectives {
      BatchObjectives(
        softmax: AdditiveAngularMarginSoftmax(form: .additiveAngularMargin, scale: 16), subcenters: 1,
        contrastive: SupervisedContrastiveLoss(
          temperature: 0.1, margin: AngularMargin(form: .angle, value: 0.2), denominator: .margined,
          attention: attention))
    }

    private func random(_ rows: Int, _ columns: Int, item: Int) -> Matrix {
      var stream = RandomStream(seed: 15, purpose: .test, item: item)
      return Matrix(rows: rows, columns: columns, (0..<rows * columns).map { _ in Float(stream.normal()) })
    }
  }
}
