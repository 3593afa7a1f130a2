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
    convolution.forward(joined.view, utterances: utterances, into: aggregated.view, pass)
    let bias = convolution.bias(pass)
    inParallel(convolution.outputs) { channel in
      ck_add_scalar_relu(aggregated.row(channel), aggregated.columns, bias[channel])
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
    for objective in 0..<pass.objectives {
      inParallel(convolution.outputs) { channel in
        let sum = ck_sum(aggregated.row(channel) + objective * span, span)
        convolution.addBiasGradient(sum, channel: channel, objective: objective, pass)
      }
    }
    let joined = Matrix(rows: cache.joined.rows, columns: aggregated.columns)
    convolution.backward(
      aggregated.view, input: cache.joined.view, utterances: utterances, into: joined.view, pass)
    return joined
  }
}
