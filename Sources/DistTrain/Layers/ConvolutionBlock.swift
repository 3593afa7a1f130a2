internal import CKernels

/// Convolution, ReLU and batch normalisation, in ECAPA-TDNN's order.
package struct ConvolutionBlock: Layer {
  package struct Cache: Sendable {
    let input: AffineView
    let grid: Grid
    /// The output of the ReLU, outputs × columns.
    let rectified: MatrixView
    /// The means of the ReLU's output over each utterance's columns, outputs × utterances.
    package let means: Matrix
    let statistics: BatchNormalization.Statistics
  }

  let convolution: Convolution1D
  let normalization: BatchNormalization
  package var inputs: Int { convolution.inputs }
  package var outputs: Int { convolution.outputs }
  package var minimumFrames: Int { convolution.minimumFrames }

  /// - Parameters:
  ///   - convolution: the scope of the convolution.
  ///   - normalization: the scope of the normalisation.
  ///   - affine: whether the normalisation has weight and bias.
  package init(
    convolution: String, normalization: String, inputs: Int, outputs: Int, kernel: Int = 1, dilation: Int = 1,
    padding: Convolution1D.Padding = .zeros, affine: Bool = true, layout: inout EncoderLayout
  ) {
    let convolution = Convolution1D(
      convolution, inputs: inputs, outputs: outputs, kernel: kernel, dilation: dilation, padding: padding,
      layout: &layout)
    self.init(convolution, normalization: normalization, affine: affine, layout: &layout)
  }

  /// A block whose convolution, of three frames without padding, is computed by minimal filtering.
  /// - Parameters:
  ///   - convolution: the scope of the convolution.
  ///   - normalization: the scope of the normalisation.
  ///   - affine: whether the normalisation has weight and bias.
  package init(
    filtering convolution: String, normalization: String, inputs: Int, outputs: Int, dilation: Int,
    affine: Bool = true, layout: inout EncoderLayout
  ) {
    let convolution = Convolution1D(
      filtering: convolution, inputs: inputs, outputs: outputs, dilation: dilation, layout: &layout)
    self.init(convolution, normalization: normalization, affine: affine, layout: &layout)
  }

  private init(
    _ convolution: Convolution1D, normalization: String, affine: Bool, layout: inout EncoderLayout
  ) {
    self.convolution = convolution
    self.normalization = BatchNormalization(
      normalization, channels: convolution.outputs, affine: affine, layout: &layout)
  }

  package func outputGrid(_ grid: Grid) -> Grid { convolution.outputGrid(grid) }

  /// Writes the output of the ReLU to memory and returns the block's output as a view of it.
  package func forward(
    _ input: AffineView, _ grid: Grid, into rectified: MatrixView, _ pass: ForwardPass
  ) -> (output: AffineView, cache: Cache) {
    let biases = convolution.product(input, grid, into: rectified, pass)
    let output = outputGrid(grid)
    let columnsOfUtterance = output.height * output.frames
    let means = Matrix(rows: outputs, columns: grid.utterances)
    // A row is rectified and summed, and its deviations are taken, while it is in the cache.
    let (normalized, statistics) = normalization.view(rectified, pass) { channel, columns in
      stride(from: columns.lowerBound, to: columns.upperBound, by: columnsOfUtterance).reduce(0) { total, start in
        let sum = ck_add_scalar_relu(rectified.row(channel) + start, columnsOfUtterance, biases[channel])
        means[channel, start / columnsOfUtterance] = Float(sum / Double(columnsOfUtterance))
        return total + sum
      }
    }
    let cache = Cache(input: input, grid: grid, rectified: rectified, means: means, statistics: statistics)
    return (normalized, cache)
  }

  package func backward(
    _ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass
  ) {
    backward(gradient, cache: cache, into: inputGradient, adding: false, pass)
  }

  /// Adds the gradients of the parameters and writes that of the input.
  /// - Parameter adding: whether the input's gradient is added to the values in its memory.
  package func backward(
    _ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, adding: Bool, _ pass: BackwardPass
  ) {
    let sums = normalization.backwardThroughReLU(gradient, rectified: cache.rectified, cache.statistics, pass)
    convolution.backward(
      gradient, sums: sums, input: cache.input, grid: cache.grid, into: inputGradient, adding: adding, pass)
  }

  /// Adds the gradients of the parameters and writes that of the input, from a gradient that is not stored.
  /// - Parameter productGradient: takes the gradient of the convolution's output, outputs × (objectives · columns).
  func backward(
    _ gradient: GatedGradient, through productGradient: MatrixView, cache: Cache, into inputGradient: MatrixView,
    _ pass: BackwardPass
  ) {
    let sums = normalization.backwardThroughReLU(
      gradient, rectified: cache.rectified, cache.statistics, into: productGradient, pass)
    convolution.backward(
      productGradient, sums: sums, input: cache.input, grid: cache.grid, into: inputGradient, pass)
  }
}

extension ConvolutionBlock: GraphLayer {
  package func describe(_ input: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    normalization.describe(graph.add("Relu", convolution.describe(input, in: &graph)), in: &graph)
  }
}
