internal import CKernels

/// Channel-dependent attentive statistics with global context (Okabe et al. 2018; Desplanques et al. 2020, section 3.1),
/// wespeaker's ASTP: energies W₂·tanh(W₁·[x; μ; σ] + b₁) + b₂, their softmax over frames weights mean and deviation.
package struct AttentiveStatisticsPooling: Sendable {
  package struct Cache {
    /// channels × (utterances · frames).
    let input: Matrix
    /// nil without global context.
    let context: ContextualLinear.Context?
    /// bottleneck × (utterances · frames), after tanh.
    let hidden: Matrix
    /// channels × (utterances · frames): softmax over frames.
    let weights: Matrix
    /// 2·channels × utterances: weighted means above weighted deviations.
    let output: Matrix
    /// channels × utterances: weighted means of squares.
    let squares: Matrix
  }

  package let channels: Int
  let attention: ContextualLinear
  let energy: Linear
  /// The first of its parameters' elements in the flat buffer.
  var offset: Int { attention.offset }
  private let floor: Float = 1e-7

  /// - Parameter name: the scope of `linear1` and `linear2`, kernels of one frame.
  package init(
    _ name: String, channels: Int, bottleneck: Int, globalContext: Bool, layout: inout EncoderLayout
  ) {
    self.channels = channels
    attention = ContextualLinear(
      "\(name).linear1", channels: channels, outputs: bottleneck, globalContext: globalContext, layout: &layout)
    energy = Linear(
      "\(name).linear2", inputs: bottleneck, outputs: channels, kernel: true, perFrame: true, layout: &layout)
  }

  /// channels × (utterances · frames) → 2·channels × utterances.
  package func forward(_ input: Matrix, utterances: Int, _ pass: ForwardPass) -> (Matrix, Cache) {
    let frames = input.columns / utterances
    let context = attention.globalContext ? contextStatistics(input, utterances: utterances) : nil
    let hidden = attention.forward(input, context: context, utterances: utterances, pass)
    inParallel(hidden.rows) { ck_tanh(hidden.row($0), hidden.columns) }
    let weights = energy.forward(hidden.view, pass)
    let output = Matrix(rows: 2 * channels, columns: utterances)
    let squares = Matrix(rows: channels, columns: utterances)
    inParallel(channels) { channel in
      for utterance in 0..<utterances {
        let start = utterance * frames
        var mean: Float = 0
        var square: Float = 0
        ck_attentive_statistics(
          weights.row(channel) + start, input.row(channel) + start, frames, &mean, &square)
        output[channel, utterance] = mean
        output[channels + channel, utterance] = max(square - mean * mean, floor).squareRoot()
        squares[channel, utterance] = square
      }
    }
    let cache = Cache(
      input: input, context: context, hidden: hidden, weights: weights, output: output, squares: squares)
    return (output, cache)
  }

  /// Means and deviations, √(unbiased variance + 1e-7), over frames; the variance of a single frame counts as 0.
  private func contextStatistics(_ input: Matrix, utterances: Int) -> ContextualLinear.Context {
    let frames = input.columns / utterances
    let means = Matrix(rows: channels, columns: utterances)
    let deviations = Matrix(rows: channels, columns: utterances)
    inParallel(channels) { channel in
      for utterance in 0..<utterances {
        let row = input.row(channel) + utterance * frames
        let mean = Float(ck_sum(row, frames) / Double(frames))
        let variance = ck_squared_deviations(row, frames, mean) / Double(max(frames - 1, 1))
        means[channel, utterance] = mean
        deviations[channel, utterance] = Float((variance + Double(floor)).squareRoot())
      }
    }
    return ContextualLinear.Context(means: means, deviations: deviations)
  }

  /// The gradient of the input's own input, through the ReLU whose output the input is.
  /// - Parameter gradient: 2·channels × (objectives · utterances).
  package func backwardThroughReLU(
    _ gradient: Matrix, cache: Cache, utterances: Int, _ pass: BackwardPass
  ) -> Matrix {
    let moments = momentGradients(gradient, cache: cache, utterances: utterances)
    let energyGradient = energyGradients(moments, cache: cache, utterances: utterances, pass)
    let hiddenGradient = energy.backward(energyGradient.view, input: cache.hidden.view, pass)
    let span = cache.input.columns
    inParallel(hiddenGradient.rows) { row in
      for objective in 0..<pass.objectives {
        ck_tanh_backward(hiddenGradient.row(row) + objective * span, cache.hidden.row(row), span)
      }
    }
    // The energies' gradient is read no more: its memory takes the input's.
    let inputGradient = energyGradient
    let context = attention.backward(
      hiddenGradient, input: cache.input, context: cache.context, utterances: utterances, into: inputGradient, pass)
    addPooledGradients(inputGradient, moments: moments, context: context, cache: cache, utterances: utterances, pass)
    return inputGradient
  }

  /// Gradients of the weighted mean and of the weighted mean of squares, channels × (objectives · utterances) each.
  private func momentGradients(_ gradient: Matrix, cache: Cache, utterances: Int) -> (mean: Matrix, square: Matrix) {
    let mean = Matrix(rows: channels, columns: gradient.columns)
    let square = Matrix(rows: channels, columns: gradient.columns)
    inParallel(channels) { channel in
      for column in 0..<gradient.columns {
        let utterance = column % utterances
        let average = cache.output[channel, utterance]
        let deviation = cache.output[channels + channel, utterance]
        let variance = cache.squares[channel, utterance] - average * average
        let dVariance = variance > floor ? gradient[channels + channel, column] / (2 * deviation) : 0
        square[channel, column] = dVariance
        mean[channel, column] = gradient[channel, column] - 2 * average * dVariance
      }
    }
    return (mean, square)
  }

  private func energyGradients(
    _ moments: (mean: Matrix, square: Matrix), cache: Cache, utterances: Int, _ pass: BackwardPass
  ) -> Matrix {
    let frames = cache.input.columns / utterances
    let result = Matrix(rows: channels, columns: pass.objectives * cache.input.columns)
    inParallel(channels) { channel in
      for column in 0..<pass.objectives * utterances {
        let utterance = column % utterances
        let dMean = moments.mean[channel, column]
        let dSquare = moments.square[channel, column]
        let inner = dMean * cache.output[channel, utterance] + dSquare * cache.squares[channel, utterance]
        ck_attention_backward(
          cache.weights.row(channel) + utterance * frames, cache.input.row(channel) + utterance * frames,
          result.row(channel) + column * frames, frames, dMean, dSquare, inner)
      }
    }
    return result
  }

  /// Adds what reaches x through the weighted moments, through μ = mean(x) and through
  /// σ = √(Σ(x − μ)²/(T−1) + 1e-7), and stops it where the ReLU did.
  private func addPooledGradients(
    _ gradient: Matrix, moments: (mean: Matrix, square: Matrix), context: ContextualLinear.Context?,
    cache: Cache, utterances: Int, _ pass: BackwardPass
  ) {
    let frames = cache.input.columns / utterances
    inParallel(channels) { channel in
      for column in 0..<pass.objectives * utterances {
        let utterance = column % utterances
        var slope: Float = 0
        var constant: Float = 0
        if let context, let statistics = cache.context {
          if frames > 1 {
            slope =
              context.deviations[channel, column]
              / (statistics.deviations[channel, utterance] * Float(frames - 1))
          }
          constant =
            context.means[channel, column] / Float(frames) - slope * statistics.means[channel, utterance]
        }
        ck_pooling_relu_backward(
          gradient.row(channel) + column * frames, cache.weights.row(channel) + utterance * frames,
          cache.input.row(channel) + utterance * frames, frames, moments.mean[channel, column],
          moments.square[channel, column], slope, constant)
      }
    }
  }
}
