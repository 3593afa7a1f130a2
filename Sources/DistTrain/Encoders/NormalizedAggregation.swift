/// Convolution, ReLU, normalisation and pooling, SpeechBrain's.
struct NormalizedAggregation: Sendable {
  struct Cache {
    let block: ConvolutionBlock.Cache
    let pooling: NormalizedAttentionPooling.Cache
  }

  let block: ConvolutionBlock
  let pooling: NormalizedAttentionPooling

  /// inputs × (utterances · frames) → 2·channels × utterances.
  func forward(_ joined: Matrix, utterances: Int, _ pass: ForwardPass) -> (Matrix, Cache) {
    let (aggregated, blockCache) = block.forward(AffineView(joined.view), utterances: utterances, pass)
    let (pooled, poolingCache) = pooling.forward(aggregated.stored(), utterances: utterances, pass)
    return (pooled, Cache(block: blockCache, pooling: poolingCache))
  }

  /// The joined outputs' gradient.
  /// - Parameter gradient: 2·channels × (objectives · utterances).
  func backward(_ gradient: Matrix, cache: Cache, utterances: Int, _ pass: BackwardPass) -> Matrix {
    let aggregated = pooling.backward(gradient, cache: cache.pooling, utterances: utterances, pass)
    pass.finished(pooling.offset)
    let joined = Matrix(rows: block.convolution.inputs, columns: aggregated.columns)
    block.backward(aggregated.view, cache: cache.block, utterances: utterances, into: joined.view, pass)
    return joined
  }
}
