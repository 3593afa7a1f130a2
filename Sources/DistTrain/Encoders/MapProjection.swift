/// A convolution of one element of a map, with a bias, and the normalisation of its output with ε = 10⁻⁶, by which a
/// stage of ReDimNet2 has as many channels at its end as its map. Neither the bias nor the normalisation is a pass of
/// its own.
struct MapProjection: Layer {
  struct Cache {
    let input: AffineView
    let grid: Grid
    /// The convolution's output without its bias, outputs × columns.
    let product: MatrixView
    let statistics: BatchNormalization.Statistics
  }

  private let convolution: Convolution1D
  private let normalization: BatchNormalization
  var inputs: Int { convolution.inputs }
  var outputs: Int { convolution.outputs }

  /// - Parameter name: the scope of `0`, the convolution, and `1`, the normalisation.
  init(_ name: String, inputs: Int, outputs: Int, layout: inout EncoderLayout) {
    (convolution, normalization) = layout.scope(name) {
      (
        Convolution1D(ofMaps: "0", inputs: inputs, outputs: outputs, layout: &$0),
        BatchNormalization("1", channels: outputs, epsilon: 1e-6, layout: &$0)
      )
    }
  }

  /// Computes the output, a view of what the convolution gives.
  func forward(
    _ input: AffineView, _ grid: Grid, into memory: MatrixView, _ pass: ForwardPass
  ) -> (output: AffineView, cache: Cache) {
    let biases = convolution.product(input, grid, into: memory, pass)
    let (output, statistics) = normalization.view(memory, shiftedBy: biases, pass)
    return (output, Cache(input: input, grid: grid, product: memory, statistics: statistics))
  }

  func backward(
    _ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass
  ) {
    normalization.backward(
      gradient, cache: .init(input: cache.product, statistics: cache.statistics), into: gradient, pass)
    let sums = UnitSums(ofRows: gradient, pass)
    convolution.backward(gradient, sums: sums, input: cache.input, grid: cache.grid, into: inputGradient, pass)
  }
}

extension MapProjection: GraphLayer {
  func describe(_ input: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    normalization.describe(convolution.describe(input, in: &graph), in: &graph)
  }
}
