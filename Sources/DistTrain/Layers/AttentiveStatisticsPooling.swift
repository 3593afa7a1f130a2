internal import CKernels

/// Attentive statistics pooling with attention for each channel and with global context (Okabe et al. 2018; Desplanques
/// et al. 2020, section 3.1), as wespeaker's ASTP has it: the softmax over frames of the energies
/// W₂·tanh(W₁·[x; μ; σ] + b₁) + b₂ weights mean and deviation.
public struct AttentiveStatisticsPooling: Layer {
  public struct Cache: Sendable {
    let grid: Grid
    /// The input, channels × (utterances · frames).
    let input: MatrixView
    /// The mean and deviation of each utterance; nil without global context.
    let context: ContextualLinear.Context?
    /// The hidden activations after tanh, bottleneck × (utterances · frames).
    let hidden: Matrix
    /// The softmax of the energies over frames, channels × (utterances · frames).
    let weights: Matrix
    /// The weighted means above the weighted deviations, 2·channels × utterances.
    let output: MatrixView
    /// The weighted means of squares, channels × utterances.
    let squares: Matrix
  }

  package let channels: Int
  let attention: ContextualLinear
  let energy: Linear
  public var inputs: Int { channels }
  public var outputs: Int { 2 * channels }
  private let floor: Float = 1e-7

  /// - Parameter name: the scope of `linear1` and `linear2`, which have kernels of one frame.
  public init(
    _ name: String, channels: Int, bottleneck: Int, globalContext: Bool, layout: inout EncoderLayout
  ) {
    self.channels = channels
    (attention, energy) = layout.scope(name) {
      (
        ContextualLinear(
          "linear1", channels: channels, outputs: bottleneck, globalContext: globalContext, layout: &$0),
        Linear("linear2", inputs: bottleneck, outputs: channels, kernel: true, perFrame: true, layout: &$0)
      )
    }
  }

  public func outputGrid(_ grid: Grid) -> Grid { grid.pooled }

  /// Pools utterances of one line of frames each: channels × (utterances · frames) → 2·channels × utterances.
  public func forward(
    _ input: AffineView, _ grid: Grid, into output: MatrixView, _ pass: ForwardPass
  ) -> (output: AffineView, cache: Cache) {
    precondition(grid.height == 1, "pooled is over lines of frames, one an utterance")
    let (input, utterances, frames) = (input.plain, grid.utterances, grid.frames)
    let context = attention.globalContext ? contextStatistics(input, grid) : nil
    let hidden = attention.forward(input, context: context, grid, pass)
    inParallel(hidden.rows) { ck_tanh(hidden.row($0), hidden.columns) }
    let weights = Matrix(rows: channels, columns: input.columns)
    _ = energy.forward(AffineView(hidden.view), grid, into: weights.view, pass)
    let squares = Matrix(rows: channels, columns: utterances)
    inParallel(channels) { channel in
      for utterance in 0..<utterances {
        let start = utterance * frames
        var mean: Float = 0
        var square: Float = 0
        ck_attentive_statistics(
          weights.row(channel) + start, input.row(channel) + start, frames, &mean, &square)
        output.row(channel)[utterance] = mean
        output.row(channels + channel)[utterance] = max(square - mean * mean, floor).squareRoot()
        squares[channel, utterance] = square
      }
    }
    let cache = Cache(
      grid: grid, input: input, context: context, hidden: hidden, weights: weights, output: output, squares: squares)
    return (AffineView(output), cache)
  }

  /// The mean of each utterance over its frames and the deviation √(unbiased variance + 1e-7). The variance of a single
  /// frame counts as 0.
  private func contextStatistics(_ input: MatrixView, _ grid: Grid) -> ContextualLinear.Context {
    let (utterances, frames) = (grid.utterances, grid.frames)
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

  public func backward(
    _ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass
  ) {
    backward(gradient, cache: cache, into: inputGradient, throughReLU: false, pass)
  }

  /// Writes the gradient of the values before the ReLU whose output the input is.
  package func backwardThroughReLU(
    _ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass
  ) {
    backward(gradient, cache: cache, into: inputGradient, throughReLU: true, pass)
  }

  private func backward(
    _ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, throughReLU: Bool, _ pass: BackwardPass
  ) {
    let (span, objectives) = (cache.input.columns, pass.objectives)
    let moments = momentGradients(gradient, cache: cache)
    // The memory of the input's gradient takes the gradient of the energies first.
    let inputGradient = inputGradient ?? Matrix(rows: channels, columns: objectives * span).view
    writeEnergyGradients(moments, cache: cache, to: inputGradient)
    let hiddenGradient = Matrix(rows: cache.hidden.rows, columns: objectives * span)
    energy.backward(inputGradient, cache: cache.hidden.view, into: hiddenGradient.view, pass)
    inParallel(hiddenGradient.rows) { row in
      for objective in 0..<objectives {
        ck_tanh_backward(hiddenGradient.row(row) + objective * span, cache.hidden.row(row), span)
      }
    }
    let context = attention.backward(
      hiddenGradient, input: cache.input, context: cache.context, cache.grid, into: inputGradient, pass)
    addPooledGradients(inputGradient, moments: moments, context: context, cache: cache, throughReLU: throughReLU)
  }

  /// The gradients of the weighted mean and of the weighted mean of squares, each channels × (objectives · utterances).
  private func momentGradients(_ gradient: MatrixView, cache: Cache) -> (mean: Matrix, square: Matrix) {
    let utterances = cache.grid.utterances
    let mean = Matrix(rows: channels, columns: gradient.columns)
    let square = Matrix(rows: channels, columns: gradient.columns)
    inParallel(channels) { channel in
      for column in 0..<gradient.columns {
        let utterance = column % utterances
        let average = cache.output.row(channel)[utterance]
        let deviation = cache.output.row(channels + channel)[utterance]
        let variance = cache.squares[channel, utterance] - average * average
        let dVariance = variance > floor ? gradient.row(channels + channel)[column] / (2 * deviation) : 0
        square[channel, column] = dVariance
        mean[channel, column] = gradient.row(channel)[column] - 2 * average * dVariance
      }
    }
    return (mean, square)
  }

  private func writeEnergyGradients(
    _ moments: (mean: Matrix, square: Matrix), cache: Cache, to result: MatrixView
  ) {
    let (utterances, frames) = (cache.grid.utterances, cache.grid.frames)
    inParallel(channels) { channel in
      for column in 0..<moments.mean.columns {
        let utterance = column % utterances
        let dMean = moments.mean[channel, column]
        let dSquare = moments.square[channel, column]
        let inner = dMean * cache.output.row(channel)[utterance] + dSquare * cache.squares[channel, utterance]
        ck_attention_backward(
          cache.weights.row(channel) + utterance * frames, cache.input.row(channel) + utterance * frames,
          result.row(channel) + column * frames, frames, dMean, dSquare, inner)
      }
    }
  }

  /// Adds the gradients that reach x through the weighted moments, through μ = mean(x) and through
  /// σ = √(Σ(x − μ)²/(T−1) + 1e-7). With `throughReLU`, it also takes the sum back through the ReLU whose output x is.
  private func addPooledGradients(
    _ gradient: MatrixView, moments: (mean: Matrix, square: Matrix), context: ContextualLinear.Context?,
    cache: Cache, throughReLU: Bool
  ) {
    let (utterances, frames) = (cache.grid.utterances, cache.grid.frames)
    let add = throughReLU ? ck_pooling_relu_backward : ck_pooling_backward
    inParallel(channels) { channel in
      for column in 0..<moments.mean.columns {
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
        add(
          gradient.row(channel) + column * frames, cache.weights.row(channel) + utterance * frames,
          cache.input.row(channel) + utterance * frames, frames, moments.mean[channel, column],
          moments.square[channel, column], slope, constant)
      }
    }
  }
}
