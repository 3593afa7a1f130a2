internal import CKernels

/// Convolution, ReLU and pooling, wespeaker's.
struct RectifiedAggregation: Sendable {
  struct Cache {
    /// inputs × (utterances · frames).
    let joined: Matrix
    let pooling: AttentiveStatisticsPooling.Cache
  }

  let convolution: Convolution1D
  let pooling: AttentiveStatisticsPooling

  /// inputs × (utterances · frames) → 2·channels × utterances.
  func forward(_ joined: Matrix, utterances: Int, _ pass: ForwardPass) -> (Matrix, Cache) {
    let aggregated = Matrix(rows: convolution.outputs, columns: joined.columns)
    let biases = convolution.forward(AffineView(joined.view), utterances: utterances, into: aggregated.view, pass)
    inParallel(convolution.outputs) { channel in
      ck_add_scalar_relu(aggregated.row(channel), aggregated.columns, biases[channel])
    }
    let (pooled, cache) = pooling.forward(aggregated, utterances: utterances, pass)
    return (pooled, Cache(joined: joined, pooling: cache))
  }

  /// The joined outputs' gradient.
  /// - Parameter gradient: 2·channels × (objectives · utterances).
  func backward(_ gradient: Matrix, cache: Cache, utterances: Int, _ pass: BackwardPass) -> Matrix {
    let aggregated = pooling.backwardThroughReLU(gradient, cache: cache.pooling, utterances: utterances, pass)
    pass.finished(pooling.offset)
    let span = cache.joined.columns
    let sums = UnitSums(rows: convolution.outputs, columns: span, pass) { objective, row, columns in
      ck_sum(aggregated.row(row) + objective * span + columns.lowerBound, columns.count)
    }
    let joined = Matrix(rows: cache.joined.rows, columns: aggregated.columns)
    convolution.backward(
      aggregated.view, sums: sums, input: AffineView(cache.joined.view), utterances: utterances, into: joined.view,
      pass)
    return joined
  }
}
