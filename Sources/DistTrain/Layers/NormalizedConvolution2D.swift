/// A convolution over height and time with the normalisation of its output, which is a view of what the convolution
/// stored.
struct NormalizedConvolution2D: Sendable {
  struct Cache: Sendable {
    let convolution: Convolution2D.Cache
    /// The normalised output, as a view of the convolution's.
    let output: AffineView
    let statistics: BatchNormalization.Statistics
  }

  let convolution: Convolution2D
  let normalization: BatchNormalization

  /// - Parameters:
  ///   - convolution: the scope of the convolution.
  ///   - normalization: the scope of the normalisation.
  init(
    convolution: String, normalization: String, inputs: Int, outputs: Int, kernel: Int,
    stride: MapStride = MapStride(), layout: inout EncoderLayout
  ) {
    self.convolution = Convolution2D(
      convolution, inputs: inputs, outputs: outputs, kernel: kernel, stride: stride, layout: &layout)
    self.normalization = BatchNormalization(normalization, channels: outputs, layout: &layout)
  }

  /// A convolution over time alone, started as CAM++'s are.
  /// - Parameters:
  ///   - convolution: the scope of the convolution.
  ///   - normalization: the scope of the normalisation.
  init(
    overTime convolution: String, normalization: String, inputs: Int, outputs: Int, kernel: Int, stride: Int,
    layout: inout EncoderLayout
  ) {
    self.convolution = Convolution2D(
      overTime: convolution, inputs: inputs, outputs: outputs, kernel: kernel, stride: stride, start: .normal,
      layout: &layout)
    self.normalization = BatchNormalization(normalization, channels: outputs, layout: &layout)
  }

  func forward(_ input: AffineView, _ grid: Grid, _ pass: ForwardPass) -> Cache {
    let (product, cache) = convolution.forward(input, grid, pass)
    let (output, statistics) = normalization.view(product.values, pass)
    return Cache(convolution: cache, output: output, statistics: statistics)
  }

  /// Takes the gradient of the normalised output back; it is overwritten.
  func backward(_ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass) {
    normalization.backward(
      gradient, cache: .init(input: cache.output.values, statistics: cache.statistics), into: gradient, pass)
    convolution.backward(gradient, cache: cache.convolution, into: inputGradient, pass)
  }

  /// Takes the gradient of the rectified output back; it is overwritten.
  /// - Parameter adding: whether the input's gradient is added to the values in its memory.
  func backwardBehindReLU(
    _ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, adding: Bool, _ pass: BackwardPass
  ) {
    normalization.backwardBehindReLU(gradient, view: cache.output, cache.statistics, pass)
    convolution.backward(gradient, cache: cache.convolution, into: inputGradient, adding: adding, pass)
  }
}

extension NormalizedConvolution2D {
  /// Adds the convolution and the normalisation.
  func describe(_ input: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    normalization.describe(convolution.describe(input, in: &graph), in: &graph)
  }

  /// Adds the convolution, the normalisation and a ReLU.
  func describeRectified(_ input: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    graph.add("Relu", describe(input, in: &graph))
  }
}
