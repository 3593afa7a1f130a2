import DistTrain
import Testing

extension MPITests {
  /// One step's quantities on all ranks are those of one, bit for bit.
  @Suite struct GradientTests {
    private struct Outcome {
      let losses: BatchObjectives.Losses
      let buffers: [[Float]]
      let statistics: [Float]
      let prototypes: [Float]
    }

    private static let speakers = (0..<33).map { [0, 0, 1, 1, 2, 2, 2, 3, 0][$0 % 9] }
    private static let frames = 13

    @Test(arguments: [true, false], [ClassAwareAttention.Mode.weight, .logit])
    func `both objectives' gradients, statistics and representation equal one rank's`(
      stopGradient: Bool, mode: ClassAwareAttention.Mode
    ) {
      let attention = ClassAwareAttention(mode: mode, scale: 8, stopGradient: stopGradient)
      let alone = evaluate(attention, SoleCommunicator())
      let together = evaluate(attention, World.communicator)
      expectOnAllRanks(together.losses.values == alone.losses.values, "losses")
      expectOnAllRanks(together.losses.terms == alone.losses.terms, "terms")
      expectOnAllRanks(together.statistics == alone.statistics, "running statistics")
      expectOnAllRanks(together.prototypes == alone.prototypes, "prototypes")
      for objective in 0...1 {
        expectOnAllRanks(together.buffers[objective] == alone.buffers[objective], "gradient buffer \(objective)")
        let rows = BatchCut(rows: Self.speakers.count, unit: 2, ranks: World.communicator.size).rows(
          of: World.communicator.rank)
        let width = alone.losses.gradients[objective].columns
        expectOnAllRanks(
          together.losses.gradients[objective].values
            == Array(alone.losses.gradients[objective].values[rows.lowerBound * width..<rows.upperBound * width]),
          "embeddings' gradient \(objective)")
      }
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
      let cut = BatchCut(rows: Self.speakers.count, unit: 2, ranks: communicator.size)
      let own = cut.rows(of: communicator.rank)
      let units = cut.units(of: communicator.rank)
      let all = random(10, Self.speakers.count * Self.frames, item: 1)
      let features = Matrix(rows: 10, columns: own.count * Self.frames)
      for row in 0..<10 {
        features.row(row).update(from: all.row(row) + own.lowerBound * Self.frames, count: features.columns)
      }
      let combine: BatchSum = { values, width in
        communicator.sum(units.nodeSums(values, width: width), width: width, of: cut.shares)
      }
      let (embeddings, pullback) = encoder.encode(
        features, utterances: own.count,
        ForwardPass(
          mode: .training, parameters: parameters, statistics: statistics, units: units,
          combine: combine))
      let prototypes = random(4, 8, item: 2)
      let losses = objectives(attention).evaluate(
        GatheredRows(
          embeddings, speakers: Self.speakers, cut: cut, moment: .init(margin: 0.2, warmth: 1),
          communicator: communicator), parameters: row(prototypes))
      let buffers = (1...2).map { _ in units.nodes.map { _ in Matrix.zeros(rows: 1, columns: parameters.columns) } }
      pullback(
        losses.gradients,
        BackwardPass(
          parameters: parameters, gradients: buffers, units: units,
          combine: combine))
      let directions = units.nodes.map { _ in Matrix.zeros(rows: 4, columns: 8) }
      losses.classifier?.pullback.add(directions.map(row))
      for nodes in buffers + [directions] { communicator.startSum(nodes.map(\.elements), of: cut.shares).wait() }
      losses.classifier?.pullback.finish(row(directions[0]))
      return Outcome(
        losses: losses, buffers: buffers.map { $0[0].values }, statistics: statistics.values,
        prototypes: directions[0].values)
    }

    private func row(_ matrix: Matrix) -> MatrixView {
      MatrixView(matrix.pointer, rows: 1, columns: matrix.count, owner: matrix.buffer)
    }

    private func objectives(_ attention: ClassAwareAttention) -> BatchObjectives {
      BatchObjectives(
        [
          AdditiveAngularMarginSoftmax(form: .additiveAngularMargin, scale: 16),
          SupervisedContrastiveLoss(
            temperature: 0.1, margin: AngularMargin(form: .angle, value: 0.2), denominator: .margined,
            attention: attention),
        ], classifier: PrototypeClassifier(speakers: 4))
    }

    private func random(_ rows: Int, _ columns: Int, item: Int) -> Matrix {
      var stream = RandomStream(seed: 15, purpose: .test, item: item)
      return Matrix(rows: rows, columns: columns, (0..<rows * columns).map { _ in Float(stream.normal()) })
    }
  }
}
