/// SpeechBrain's aggregation: convolution, ReLU, normalisation and pooling.
struct NormalizedAggregation: Aggregation {
  struct Cache {
    let block: ConvolutionBlock.Cache
    let pooling: NormalizedAttentionPooling.Cache
  }

  let block: ConvolutionBlock
  let pooling: NormalizedAttentionPooling
  var inputs: Int { block.inputs }
  var minimumFrames: Int { block.minimumFrames }

  func forward(
    _ input: AffineView, _ grid: Grid, into memory: MatrixView, _ pass: ForwardPass
  ) -> (output: AffineView, cache: Cache) {
    let (aggregated, blockCache) = block.forward(input, grid, pass)
    let (pooled, poolingCache) = pooling.forward(aggregated, grid, into: memory, pass)
    return (pooled, Cache(block: blockCache, pooling: poolingCache))
  }

  func backwardThroughPooling(_ gradient: MatrixView, _ cache: Cache, _ pass: BackwardPass) -> Matrix {
    let aggregated = Matrix(rows: block.outputs, columns: pass.objectives * cache.block.grid.columns)
    pooling.backward(gradient, cache: cache.pooling, into: aggregated.view, pass)
    return aggregated
  }

  func backwardThroughConvolution(
    _ aggregated: Matrix, _ cache: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass
  ) {
    block.backward(aggregated.view, cache: cache.block, into: inputGradient, pass)
  }
}

extension NormalizedAggregation {
  func describe(_ input: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    pooling.describe(block.describe(input, in: &graph), in: &graph)
  }
}
