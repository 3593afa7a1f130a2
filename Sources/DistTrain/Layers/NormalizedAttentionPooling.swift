internal import CKernels

/// Channel-dependent attentive statistics with global context (Okabe et al. 2018; Desplanques et al. 2020, section 3.1) as
/// SpeechBrain has them: energies W₂·tanh(BN(relu(W₁·[x; μ; σ] + b₁))) + b₂, whose softmax over frames gives the weights
/// α of m = Σαx and √(Σα(x − m)²). Variances are biased and at least 1e-12.
///
/// A channel that its ReLU shut for a whole utterance is constant here, and not zero as it would be before the
/// normalisation. Its deviation is the floor's and has no gradient: sums are taken about a frame's own value, so that
/// rounding makes no variance.
package struct NormalizedAttentionPooling: Sendable {
  package struct Cache {
    /// channels × (utterances · frames).
    let input: Matrix
    /// nil without global context.
    let context: ContextualLinear.Context?
    /// bottleneck × (utterances · frames), after the ReLU.
    let rectified: Matrix
    let normalization: BatchNormalization.Cache
    /// The same shape, after tanh.
    let hidden: Matrix
    /// channels × (utterances · frames): softmax over frames.
    let weights: Matrix
    /// 2·channels × utterances: weighted means above weighted deviations.
    let output: Matrix
    /// channels × utterances: weighted variances.
    let variances: Matrix
  }

  package let channels: Int
  let attention: ContextualLinear
  let normalization: BatchNormalization
  let energy: Linear
  /// The first of its parameters' elements in the flat buffer.
  var offset: Int { attention.offset }
  private let floor: Float = 1e-12

  /// - Parameter name: the scope of `tdnn.conv.conv`, `tdnn.norm.norm` and `conv.conv`, kernels of one frame.
  package init(
    _ name: String, channels: Int, bottleneck: Int, globalContext: Bool, layout: inout EncoderLayout
  ) {
    self.channels = channels
    attention = ContextualLinear(
      "\(name).tdnn.conv.conv", channels: channels, outputs: bottleneck, globalContext: globalContext,
      layout: &layout)
    normalization = BatchNormalization("\(name).tdnn.norm.norm", channels: bottleneck, layout: &layout)
    energy = Linear(
      "\(name).conv.conv", inputs: bottleneck, outputs: channels, kernel: true, perFrame: true, layout: &layout)
  }

  /// channels × (utterances · frames) → 2·channels × utterances.
  package func forward(_ input: Matrix, utterances: Int, _ pass: ForwardPass) -> (Matrix, Cache) {
    let frames = input.columns / utterances
    let context = attention.globalContext ? contextStatistics(input, utterances: utterances) : nil
    let rectified = attention.forward(input, context: context, utterances: utterances, pass)
    let (normalized, statistics) = normalization.forward(rectified.view, pass) { channel, columns in
      ck_add_scalar_relu(rectified.row(channel) + columns.lowerBound, columns.count, 0)
    }
    let hidden = normalized.stored()
    inParallel(hidden.rows) { ck_tanh(hidden.row($0), hidden.columns) }
    let weights = energy.forward(hidden.view, pass)
    let output = Matrix(rows: 2 * channels, columns: utterances)
    let variances = Matrix(rows: channels, columns: utterances)
    inParallel(channels) { channel in
      for utterance in 0..<utterances {
        let start = utterance * frames
        var mean: Float = 0
        var variance: Float = 0
        ck_attentive_variance(weights.row(channel) + start, input.row(channel) + start, frames, &mean, &variance)
        output[channel, utterance] = mean
        output[channels + channel, utterance] = max(variance, floor).squareRoot()
        variances[channel, utterance] = variance
      }
    }
    let cache = Cache(
      input: input, context: context, rectified: rectified, normalization: statistics, hidden: hidden,
      weights: weights, output: output, variances: variances)
    return (output, cache)
  }

  /// Means and deviations, √max(biased variance, 1e-12), over frames.
  private func contextStatistics(_ input: Matrix, utterances: Int) -> ContextualLinear.Context {
    let frames = input.columns / utterances
    let means = Matrix(rows: channels, columns: utterances)
    let deviations = Matrix(rows: channels, columns: utterances)
    inParallel(channels) { channel in
      let shifted = Matrix(rows: 1, columns: frames)
      for utterance in 0..<utterances {
        let row = input.row(channel) + utterance * frames
        ck_affine(row, shifted.pointer, frames, 1, -row[0])
        let mean = Float(ck_sum(shifted.pointer, frames) / Double(frames))
        let variance = Float(ck_squared_deviations(shifted.pointer, frames, mean) / Double(frames))
        means[channel, utterance] = row[0] + mean
        deviations[channel, utterance] = max(variance, floor).squareRoot()
      }
    }
    return ContextualLinear.Context(means: means, deviations: deviations)
  }

  /// The input's gradient.
  /// - Parameter gradient: 2·channels × (objectives · utterances).
  package func backward(_ gradient: Matrix, cache: Cache, utterances: Int, _ pass: BackwardPass) -> Matrix {
    let variances = varianceGradients(gradient, cache: cache, utterances: utterances)
    let energyGradient = energyGradients(gradient, variances: variances, cache: cache, utterances: utterances, pass)
    let hiddenGradient = energy.backward(energyGradient.view, input: cache.hidden.view, pass)
    let span = cache.input.columns
    inParallel(hiddenGradient.rows) { row in
      for objective in 0..<pass.objectives {
        ck_tanh_backward(hiddenGradient.row(row) + objective * span, cache.hidden.row(row), span)
      }
    }
    _ = normalization.backwardThroughReLU(
      hiddenGradient.view, rectified: cache.rectified.view, cache: cache.normalization, pass)
    // The energies' gradient is read no more: its memory takes the input's.
    let inputGradient = energyGradient
    let context = attention.backward(
      hiddenGradient, input: cache.input, context: cache.context, utterances: utterances, into: inputGradient, pass)
    addPooledGradients(
      inputGradient, means: gradient, variances: variances, context: context, cache: cache, utterances: utterances)
    return inputGradient
  }

  /// From the deviations' gradients, channels × (objectives · utterances).
  private func varianceGradients(_ gradient: Matrix, cache: Cache, utterances: Int) -> Matrix {
    let result = Matrix(rows: channels, columns: gradient.columns)
    inParallel(channels) { channel in
      for column in 0..<gradient.columns {
        let utterance = column % utterances
        let deviation = cache.output[channels + channel, utterance]
        let isFree = cache.variances[channel, utterance] > floor
        result[channel, column] = isFree ? gradient[channels + channel, column] / (2 * deviation) : 0
      }
    }
    return result
  }

  /// With x taken about the weighted mean m, ∂m/∂e = α·x and ∂v/∂e = α·(x² − v).
  private func energyGradients(
    _ gradient: Matrix, variances: Matrix, cache: Cache, utterances: Int, _ pass: BackwardPass
  ) -> Matrix {
    let frames = cache.input.columns / utterances
    let result = Matrix(rows: channels, columns: pass.objectives * cache.input.columns)
    inParallel(channels) { channel in
      let centred = Matrix(rows: 1, columns: frames)
      for column in 0..<result.columns / frames {
        let utterance = column % utterances
        centre(channel, utterance, of: cache, into: centred)
        let dVariance = variances[channel, column]
        ck_attention_backward(
          cache.weights.row(channel) + utterance * frames, centred.pointer, result.row(channel) + column * frames,
          frames, gradient[channel, column], dVariance, dVariance * cache.variances[channel, utterance])
      }
    }
    return result
  }

  /// x − m.
  private func centre(_ channel: Int, _ utterance: Int, of cache: Cache, into row: Matrix) {
    let frames = row.columns
    ck_affine(
      cache.input.row(channel) + utterance * frames, row.pointer, frames, 1, -cache.output[channel, utterance])
  }

  /// Adds what reaches x through m and its variance, through μ = mean(x) and through σ = √(Σ(x − μ)²/T).
  private func addPooledGradients(
    _ gradient: Matrix, means: Matrix, variances: Matrix, context: ContextualLinear.Context?, cache: Cache,
    utterances: Int
  ) {
    let frames = cache.input.columns / utterances
    inParallel(channels) { channel in
      let centred = Matrix(rows: 1, columns: frames)
      for column in 0..<gradient.columns / frames {
        let utterance = column % utterances
        centre(channel, utterance, of: cache, into: centred)
        var slope: Float = 0
        var constant: Float = 0
        if let context, let statistics = cache.context {
          let deviation = statistics.deviations[channel, utterance]
          if deviation > floor.squareRoot() {
            slope = context.deviations[channel, column] / (deviation * Float(frames))
          }
          let distance = cache.output[channel, utterance] - statistics.means[channel, utterance]
          constant = context.means[channel, column] / Float(frames) + slope * distance
        }
        ck_pooling_backward(
          gradient.row(channel) + column * frames, cache.weights.row(channel) + utterance * frames, centred.pointer,
          frames, means[channel, column], variances[channel, column], slope, constant)
      }
    }
  }
}
