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

  /// Whether nothing of the output is read again but what a ReLU makes of it.
  func isWrittenOnce(_ pass: ForwardPass) -> Bool { !pass.keepsCaches && !normalization.takesBatchStatistics(pass) }

  /// Writes what a ReLU makes of the normalised output, or of its sum with another view, where the pass allows for
  /// storing nothing else.
  /// - Parameter addend: a view of one matrix, scaled and shifted at the most.
  func writeRectified(
    _ input: AffineView, _ grid: Grid, with addend: AffineView? = nil, into memory: MatrixView, _ pass: ForwardPass
  ) {
    precondition(isWrittenOnce(pass), "the pass reads outputs again")
    let (output, _) = normalization.view(memory, pass)
    let sum = addend.map { output + $0 } ?? output
    _ = convolution.forward(input, grid, into: memory, finishing: sum.rectified, pass)
  }

  /// Computes what a ReLU makes of the normalised output, as a matrix of its own.
  /// - Returns: the output, and the cache, or nil if no way back follows.
  func forwardRectified(_ input: AffineView, _ grid: Grid, _ pass: ForwardPass) -> (output: AffineView, cache: Cache?) {
    guard isWrittenOnce(pass) else {
      let cache = forward(input, grid, pass)
      return (AffineView(cache.output.rectified.stored().view), cache)
    }
    let memory = Matrix(rows: convolution.outputs, columns: convolution.outputGrid(grid).columns)
    writeRectified(input, grid, into: memory.view, pass)
    return (AffineView(memory.view), nil)
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
