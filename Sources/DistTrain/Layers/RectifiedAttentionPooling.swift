internal import CKernels

/// Attentive statistics pooling with attention for each channel (Okabe et al. 2018; Desplanques et al. 2020, section 3.1),
/// as wespeaker's ASP has it: the softmax over frames of the energies W₂·BN(relu(W₁·x + b₁)) + b₂ weights mean and
/// deviation. Variances are at least 10⁻⁵.
public struct RectifiedAttentionPooling: Layer {
  public struct Cache: Sendable {
    let grid: Grid
    /// The input, channels × (utterances · frames).
    let input: MatrixView
    let attention: AttentionEnergies.Cache
    /// The softmax of the energies over frames, channels × (utterances · frames).
    let weights: Matrix
    /// The weighted means above the weighted deviations, 2·channels × utterances.
    let output: MatrixView
    /// The weighted means of squares, channels × utterances.
    let squares: Matrix
  }

  package let channels: Int
  private let attention: AttentionEnergies
  public var inputs: Int { channels }
  public var outputs: Int { 2 * channels }
  private let floor: Float = 1e-5

  /// - Parameter name: the scope of `attention.0`, `attention.2` and `attention.3`.
  public init(_ name: String, channels: Int, bottleneck: Int, layout: inout EncoderLayout) {
    self.channels = channels
    attention = layout.scope(name) {
      AttentionEnergies(
        hidden: "attention.0", normalization: "attention.2", energy: "attention.3", channels: channels,
        bottleneck: bottleneck, layout: &$0)
    }
  }

  public func outputGrid(_ grid: Grid) -> Grid { grid.pooled }

  /// Pools utterances of one line of frames each: channels × (utterances · frames) → 2·channels × utterances.
  public func forward(
    _ input: AffineView, _ grid: Grid, into output: MatrixView, _ pass: ForwardPass
  ) -> (output: AffineView, cache: Cache) {
    precondition(grid.height == 1, "pooled is over lines of frames, one an utterance")
    let (input, utterances, frames) = (input.plain, grid.utterances, grid.frames)
    let (weights, attentionCache) = attention.forward(input, grid, pass)
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
      grid: grid, input: input, attention: attentionCache, weights: weights, output: output, squares: squares)
    return (AffineView(output), cache)
  }

  public func backward(
    _ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass
  ) {
    let (utterances, frames) = (cache.grid.utterances, cache.grid.frames)
    // The memory of the input's gradient takes the gradient of the energies first.
    let inputGradient = inputGradient ?? Matrix(rows: channels, columns: gradient.columns * frames).view
    inParallel(channels) { channel in
      for column in 0..<gradient.columns {
        let (start, moments) = (column % utterances * frames, momentGradients(gradient, channel, column, cache: cache))
        ck_attention_backward(
          cache.weights.row(channel) + start, cache.input.row(channel) + start,
          inputGradient.row(channel) + column * frames, frames, moments.mean, moments.square, moments.inner)
      }
    }
    attention.backward(inputGradient, cache: cache.attention, pass)
    inParallel(channels) { channel in
      for column in 0..<gradient.columns {
        let (start, moments) = (column % utterances * frames, momentGradients(gradient, channel, column, cache: cache))
        ck_pooling_backward(
          inputGradient.row(channel) + column * frames, cache.weights.row(channel) + start,
          cache.input.row(channel) + start, frames, moments.mean, moments.square, 0, 0)
      }
    }
  }

  /// The gradients of the weighted mean and of the weighted mean of squares, and the sum of each times its moment.
  private func momentGradients(
    _ gradient: MatrixView, _ channel: Int, _ column: Int, cache: Cache
  ) -> (mean: Float, square: Float, inner: Float) {
    let utterance = column % cache.grid.utterances
    let (mean, square) = (cache.output.row(channel)[utterance], cache.squares[channel, utterance])
    let deviation = cache.output.row(channels + channel)[utterance]
    let isFree = square - mean * mean > floor
    let bySquare = isFree ? gradient.row(channels + channel)[column] / (2 * deviation) : 0
    let byMean = gradient.row(channel)[column] - 2 * mean * bySquare
    return (byMean, bySquare, byMean * mean + bySquare * square)
  }
}
