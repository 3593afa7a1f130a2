/// What stands between ECAPA-TDNN's blocks and its embedding: the blocks' joined outputs, aggregated and pooled over frames.
enum Aggregation: Sendable {
  case rectified(RectifiedAggregation)
  case normalized(NormalizedAggregation)

  enum Cache {
    case rectified(RectifiedAggregation.Cache)
    case normalized(NormalizedAggregation.Cache)
  }

  /// The first of its parameters' elements in the flat buffer.
  var offset: Int {
    switch self {
    case .rectified(let aggregation): aggregation.convolution.weight.offset
    case .normalized(let aggregation): aggregation.block.offset
    }
  }

  /// inputs × (utterances · frames) → 2·channels × utterances.
  func forward(_ joined: Matrix, utterances: Int, _ pass: ForwardPass) -> (Matrix, Cache) {
    switch self {
    case .rectified(let aggregation):
      let (pooled, cache) = aggregation.forward(joined, utterances: utterances, pass)
      return (pooled, .rectified(cache))
    case .normalized(let aggregation):
      let (pooled, cache) = aggregation.forward(joined, utterances: utterances, pass)
      return (pooled, .normalized(cache))
    }
  }

  /// The joined outputs' gradient.
  /// - Parameter gradient: 2·channels × (objectives · utterances).
  func backward(_ gradient: Matrix, cache: Cache, utterances: Int, _ pass: BackwardPass) -> Matrix {
    switch (self, cache) {
    case (.rectified(let aggregation), .rectified(let cache)):
      return aggregation.backward(gradient, cache: cache, utterances: utterances, pass)
    case (.normalized(let aggregation), .normalized(let cache)):
      return aggregation.backward(gradient, cache: cache, utterances: utterances, pass)
    case (.rectified, .normalized), (.normalized, .rectified):
      preconditionFailure("a backward pass needs the cache of its own forward pass")
    }
  }
}
