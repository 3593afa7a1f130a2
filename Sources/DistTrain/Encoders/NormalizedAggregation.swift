/// SpeechBrain's aggregation: convolution, ReLU, normalisation and pooling.
struct NormalizedAggregation: Layer {
  struct Cache {
    let block: ConvolutionBlock.Cache
    let pooling: NormalizedAttentionPooling.Cache
  }

  let block: ConvolutionBlock
  let pooling: NormalizedAttentionPooling
  var inputs: Int { block.inputs }
  var outputs: Int { pooling.outputs }
  var minimumFrames: Int { block.minimumFrames }

  func outputGrid(_ grid: Grid) -> Grid { pooling.outputGrid(grid) }

  func forward(
    _ input: AffineView, _ grid: Grid, into memory: MatrixView, _ pass: ForwardPass
  ) -> (output: AffineView, cache: Cache) {
    let (aggregated, blockCache) = block.forward(input, grid, pass)
    let (pooled, poolingCache) = pooling.forward(aggregated, grid, into: memory, pass)
    return (pooled, Cache(block: blockCache, pooling: poolingCache))
  }

  func backward(_ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass) {
    let aggregated = backwardThroughPooling(gradient, cache, pass)
    block.backward(aggregated.view, cache: cache.block, into: inputGradient, pass)
  }

  func apply(
    _ input: AffineView, _ grid: Grid, _ pass: ForwardPass
  ) -> (output: AffineView, pullback: LayerPullback) {
    let (output, cache) = forward(input, grid, pass)
    return (
      output,
      { gradient, pass in
        let aggregated = backwardThroughPooling(gradient, cache, pass)
        let inputGradient = Matrix(rows: inputs, columns: aggregated.columns)
        block.backward(aggregated.view, cache: cache.block, into: inputGradient.view, pass)
        return inputGradient
      }
    )
  }

  private func backwardThroughPooling(_ gradient: MatrixView, _ cache: Cache, _ pass: BackwardPass) -> Matrix {
    let aggregated = Matrix(rows: block.outputs, columns: pass.objectives * cache.block.grid.columns)
    pooling.backward(gradient, cache: cache.pooling, into: aggregated.view, pass)
    return aggregated
  }
}
