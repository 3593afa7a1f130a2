internal import CKernels

/// Normalisation of each column over its channels (Ba, Kiros and Hinton 2016): y = w·(x − μ)/√(σ² + ε) + b, where μ and
/// σ² are a column's mean and biased variance, and each channel has a weight w and a bias b. It takes any grid.
package struct LayerNormalization: Layer {
  package struct Cache: Sendable {
    /// The input, channels × columns.
    let input: MatrixView
    /// The mean of each column, and below it 1/√(σ² + ε), 2 × columns.
    let statistics: Matrix
  }

  package let channels: Int
  package var inputs: Int { channels }
  package var outputs: Int { channels }
  private let epsilon: Float
  let weight: Parameter
  let bias: Parameter

  /// - Parameters:
  ///   - name: the scope of `weight` and `bias`, both [channels].
  ///   - epsilon: is added to the variance.
  package init(_ name: String, channels: Int, epsilon: Float = 1e-6, layout: inout EncoderLayout) {
    self.channels = channels
    self.epsilon = epsilon
    (weight, bias) = layout.scope(name) {
      (
        $0.parameter("weight", shape: [channels], initialisation: .constant(1), decays: false),
        $0.parameter("bias", shape: [channels], initialisation: .constant(0), decays: false)
      )
    }
  }

  /// Computes the output, whose memory may be that of the input if no way back follows.
  package func forward(
    _ input: AffineView, _ grid: Grid, into memory: MatrixView, _ pass: ForwardPass
  ) -> (output: AffineView, cache: Cache) {
    let input = input.plain
    let statistics = Matrix(rows: 2, columns: input.columns)
    let (weights, biases) = (pass.vector(weight), pass.vector(bias))
    forEachBlock(of: input.columns) { columns in
      let first = columns.lowerBound
      ck_layer_normalization(
        input.pointer + first, input.stride, channels, columns.count, weights.pointer, biases.pointer, epsilon,
        memory.pointer + first, memory.stride, statistics.row(0) + first, statistics.row(1) + first)
    }
    return (AffineView(memory), Cache(input: input, statistics: statistics))
  }

  /// Adds the gradients of weight and bias and writes that of the input, which may use the memory of `gradient`.
  package func backward(
    _ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass
  ) {
    addGradients(gradient, cache: cache, pass)
    guard let inputGradient else { return }
    let (input, statistics) = (cache.input, cache.statistics)
    let weights = pass.vector(weight)
    for objective in 0..<pass.objectives {
      forEachBlock(of: input.columns) { columns in
        let first = columns.lowerBound
        let place = objective * input.columns + first
        ck_layer_normalization_backward(
          gradient.pointer + place, gradient.stride, input.pointer + first, input.stride, channels, columns.count,
          weights.pointer, statistics.row(0) + first, statistics.row(1) + first, inputGradient.pointer + place,
          inputGradient.stride)
      }
    }
  }

  private func addGradients(_ gradient: MatrixView, cache: Cache, _ pass: BackwardPass) {
    let (input, statistics) = (cache.input, cache.statistics)
    let rows = channels * pass.objectives
    let units = pass.units.ranges(of: input.columns)
    // Σ dy and Σ dy·x̂ for each unit, objective and channel.
    let sums = [Double](filling: 2 * rows * units.count) { sums in
      inParallel(rows) { row in
        let (objective, channel) = row.quotientAndRemainder(dividingBy: channels)
        for (unit, columns) in units.enumerated() {
          let first = columns.lowerBound
          let own = sums.pointer + 2 * (unit * rows + row)
          ck_layer_normalization_sums(
            gradient.row(channel) + objective * input.columns + first, input.row(channel) + first,
            statistics.row(0) + first, statistics.row(1) + first, columns.count, own, own + 1)
        }
      }
    }
    for objective in 0..<pass.objectives {
      let first = objective * channels
      pass.add(weight, objective: objective) { Float(sums[2 * ($0 * rows + first + $1) + 1]) }
      pass.add(bias, objective: objective) { Float(sums[2 * ($0 * rows + first + $1)]) }
    }
  }

  /// Calls `body` with ranges that make up the columns, on all threads. A column's bits do not depend on its range.
  private func forEachBlock(of columns: Int, _ body: @Sendable (Range<Int>) -> Void) {
    let length = 1024
    ThreadTeam.shared.run((columns + length - 1) / length) { block in
      body(block * length..<min((block + 1) * length, columns))
    }
  }
}

extension LayerNormalization: GraphLayer {
  /// Adds the normalisation of the channels of frames or maps, which come last for it.
  package func describe(_ input: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    describe(input, axes: 3, in: &graph)
  }

  /// - Parameter axes: the number of axes: 3 of frames, 4 of maps.
  func describe(_ input: EncoderGraph.Value, axes: Int, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    let last = [0] + Array(2..<axes) + [1]
    let back = [0, axes - 1] + Array(1..<axes - 1)
    let turned = graph.add("Transpose", input, attributes: ["perm": .numbers(last)])
    let normalized = graph.add(
      "LayerNormalization", turned, graph.trained(weight), graph.trained(bias),
      attributes: ["axis": -1, "epsilon": .real(epsilon)])
    return graph.add("Transpose", normalized, attributes: ["perm": .numbers(back)])
  }
}
