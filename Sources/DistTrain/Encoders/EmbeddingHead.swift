internal import CKernels

/// wespeaker's layers from pooled statistics to the embedding: one linear layer, or two with a ReLU and a normalisation
/// without weight and bias between them.
struct EmbeddingHead: Layer {
  struct Cache {
    let input: Linear.Cache
    /// The cache of the second layer; nil where there is one layer alone.
    let second: SecondCache?
  }

  struct SecondCache {
    /// The output of the ReLU, outputs × utterances.
    let rectified: Matrix
    let statistics: BatchNormalization.Statistics
    let input: Linear.Cache
  }

  let first: Linear
  let second: (normalization: BatchNormalization, linear: Linear)?
  var inputs: Int { first.inputs }
  var outputs: Int { first.outputs }

  /// A head with wespeaker's parameter names, `seg_1`, `seg_bn_1` and `seg_2`.
  /// - Parameter name: the scope of the first layer.
  init(_ name: String = "seg_1", inputs: Int, outputs: Int, twoLayers: Bool, layout: inout EncoderLayout) {
    first = Linear(name, inputs: inputs, outputs: outputs, layout: &layout)
    second =
      twoLayers
      ? (
        BatchNormalization("seg_bn_1", channels: outputs, affine: false, layout: &layout),
        Linear("seg_2", inputs: outputs, outputs: outputs, layout: &layout)
      ) : nil
  }

  func forward(
    _ input: AffineView, _ grid: Grid, into memory: MatrixView, _ pass: ForwardPass
  ) -> (output: AffineView, cache: Cache) {
    guard let second else {
      let (output, cache) = first.forward(input, grid, into: memory, pass)
      return (output, Cache(input: cache, second: nil))
    }
    let rectified = Matrix(rows: outputs, columns: grid.columns)
    let (_, firstCache) = first.forward(input, grid, into: rectified.view, pass)
    inParallel(outputs) { ck_add_scalar_relu(rectified.row($0), rectified.columns, 0) }
    let (normalized, statistics) = second.normalization.view(rectified.view, pass)
    let (output, secondCache) = second.linear.forward(normalized, grid, into: memory, pass)
    return (
      output,
      Cache(
        input: firstCache, second: SecondCache(rectified: rectified, statistics: statistics, input: secondCache))
    )
  }

  func backward(_ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass) {
    guard let second, let own = cache.second else {
      return first.backward(gradient, cache: cache.input, into: inputGradient, pass)
    }
    let hidden = Matrix(rows: outputs, columns: gradient.columns)
    second.linear.backward(gradient, cache: own.input, into: hidden.view, pass)
    _ = second.normalization.backwardThroughReLU(
      hidden.view, rectified: own.rectified.view, own.statistics, pass)
    first.backward(hidden.view, cache: cache.input, into: inputGradient, pass)
  }
}

extension EmbeddingHead: GraphLayer {
  func describe(_ input: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    let embeddings = first.describe(input, in: &graph)
    guard let second else { return embeddings }
    let rectified = graph.add("Relu", embeddings)
    return second.linear.describe(second.normalization.describe(rectified, in: &graph), in: &graph)
  }
}
