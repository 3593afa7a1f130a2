/// A convolution of one element of a map, with a bias, and the normalisation of its output with ε = 10⁻⁶, by which a stage
/// of a ReDimNet has as many channels at its end as its map. Neither the bias nor the normalisation is a pass of its own.
struct MapProjection: Sendable {
  struct Cache {
    let input: AffineView
    let grid: Grid
    /// The normalised output, as a view of the convolution's without its bias.
    let output: AffineView
    let statistics: BatchNormalization.Statistics
  }

  private let convolution: Convolution1D
  private let normalization: BatchNormalization

  /// - Parameter name: the scope of `0`, the convolution, and `1`, the normalisation.
  init(_ name: String, inputs: Int, outputs: Int, layout: inout EncoderLayout) {
    (convolution, normalization) = layout.scope(name) {
      (
        Convolution1D(ofMaps: "0", inputs: inputs, outputs: outputs, layout: &$0),
        BatchNormalization("1", channels: outputs, epsilon: 1e-6, layout: &$0)
      )
    }
  }

  func forward(_ input: AffineView, _ grid: Grid, _ pass: ForwardPass) -> Cache {
    let product = Matrix(rows: convolution.outputs, columns: grid.columns).view
    let biases = convolution.product(input, grid, into: product, pass)
    let (output, statistics) = normalization.view(product, shiftedBy: biases, pass)
    return Cache(input: input, grid: grid, output: output, statistics: statistics)
  }

  /// Takes the gradient of the output back, which is overwritten, and returns that of the input.
  func backward(_ gradient: MatrixView, cache: Cache, _ pass: BackwardPass) -> MatrixView {
    normalization.backward(
      gradient, cache: .init(input: cache.output.values, statistics: cache.statistics), into: gradient, pass)
    let sums = UnitSums(ofRows: gradient, pass)
    let target = Matrix(rows: convolution.inputs, columns: gradient.columns).view
    convolution.backward(gradient, sums: sums, input: cache.input, grid: cache.grid, into: target, pass)
    return target
  }
}
