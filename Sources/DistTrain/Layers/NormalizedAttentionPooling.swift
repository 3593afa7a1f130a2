internal import CKernels

/// Attentive statistics pooling with attention for each channel and with global context (Okabe et al. 2018; Desplanques
/// et al. 2020, section 3.1), as SpeechBrain has it: the softmax over frames of the energies W₂·tanh(BN(relu(W₁·[x; μ;
/// σ] + b₁))) + b₂ gives the weights α of m = Σαx and √(Σα(x − m)²). Variances are biased and at least 1e-12.
///
/// A channel in which the ReLU before is 0 for a whole utterance is constant here, but the normalisation after that
/// ReLU makes it other than zero. Its deviation is that of the least variance and has no gradient. Sums are taken
/// around the value of one of the frames, so that rounding does not make a variance.
public struct NormalizedAttentionPooling: Layer {
  /// The values that the forward pass keeps for the backward pass.
  public struct Cache: Sendable {
    let grid: Grid
    /// The input, channels × (utterances · frames).
    let input: MatrixView
    /// The mean and deviation of each utterance; nil without global context.
    let context: ContextualLinear.Context?
    /// The hidden activations after the ReLU, bottleneck × (utterances · frames).
    let rectified: Matrix
    let statistics: BatchNormalization.Statistics
    /// The hidden activations after tanh, bottleneck × (utterances · frames).
    let hidden: Matrix
    /// The softmax of the energies over frames, channels × (utterances · frames).
    let weights: Matrix
    /// The weighted means above the weighted deviations, 2·channels × utterances.
    let output: MatrixView
    /// The weighted variances, channels × utterances.
    let variances: Matrix
  }

  package let channels: Int
  let attention: ContextualLinear
  let normalization: BatchNormalization
  let energy: Linear
  public var inputs: Int { channels }
  public var outputs: Int { 2 * channels }
  private let floor: Float = 1e-12

  /// - Parameter name: the scope of `tdnn.conv.conv`, `tdnn.norm.norm` and `conv.conv`, which have kernels of one
  ///   frame.
  public init(
    _ name: String, channels: Int, bottleneck: Int, globalContext: Bool, layout: inout EncoderLayout
  ) {
    self.channels = channels
    (attention, normalization, energy) = layout.scope(name) {
      (
        ContextualLinear(
          "tdnn.conv.conv", channels: channels, outputs: bottleneck, globalContext: globalContext, layout: &$0),
        BatchNormalization("tdnn.norm.norm", channels: bottleneck, layout: &$0),
        Linear("conv.conv", inputs: bottleneck, outputs: channels, kernel: true, perFrame: true, layout: &$0)
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
    let rectified = attention.forward(input, context: context, grid, pass)
    let (normalized, statistics) = normalization.view(rectified.view, pass) { channel, columns in
      ck_add_scalar_relu(rectified.row(channel) + columns.lowerBound, columns.count, 0)
    }
    let hidden = normalized.stored()
    inParallel(hidden.rows) { ck_tanh(hidden.row($0), hidden.columns) }
    let weights = Matrix(rows: channels, columns: input.columns)
    _ = energy.forward(AffineView(hidden.view), grid, into: weights.view, pass)
    let variances = Matrix(rows: channels, columns: utterances)
    inParallel(channels) { channel in
      for utterance in 0..<utterances {
        let start = utterance * frames
        var mean: Float = 0
        var variance: Float = 0
        ck_attentive_variance(weights.row(channel) + start, input.row(channel) + start, frames, &mean, &variance)
        output.row(channel)[utterance] = mean
        output.row(channels + channel)[utterance] = max(variance, floor).squareRoot()
        variances[channel, utterance] = variance
      }
    }
    let cache = Cache(
      grid: grid, input: input, context: context, rectified: rectified, statistics: statistics, hidden: hidden,
      weights: weights, output: output, variances: variances)
    return (AffineView(output), cache)
  }

  /// The mean of each utterance over its frames and the deviation √max(biased variance, 1e-12).
  private func contextStatistics(_ input: MatrixView, _ grid: Grid) -> ContextualLinear.Context {
    let (utterances, frames) = (grid.utterances, grid.frames)
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

  public func backward(
    _ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass
  ) {
    let (span, objectives) = (cache.input.columns, pass.objectives)
    let variances = varianceGradients(gradient, cache: cache)
    // The memory of the input's gradient takes the gradient of the energies first.
    let inputGradient = inputGradient ?? Matrix(rows: channels, columns: objectives * span).view
    writeEnergyGradients(gradient, variances: variances, cache: cache, to: inputGradient)
    let hiddenGradient = Matrix(rows: cache.hidden.rows, columns: objectives * span)
    energy.backward(inputGradient, cache: cache.hidden.view, into: hiddenGradient.view, pass)
    inParallel(hiddenGradient.rows) { row in
      for objective in 0..<objectives {
        ck_tanh_backward(hiddenGradient.row(row) + objective * span, cache.hidden.row(row), span)
      }
    }
    _ = normalization.backwardThroughReLU(
      hiddenGradient.view, rectified: cache.rectified.view, cache.statistics, pass)
    let context = attention.backward(
      hiddenGradient, input: cache.input, context: cache.context, cache.grid, into: inputGradient, pass)
    addPooledGradients(inputGradient, means: gradient, variances: variances, context: context, cache: cache)
  }

  /// The gradients of the weighted variances, channels × (objectives · utterances).
  private func varianceGradients(_ gradient: MatrixView, cache: Cache) -> Matrix {
    let utterances = cache.grid.utterances
    let result = Matrix(rows: channels, columns: gradient.columns)
    inParallel(channels) { channel in
      for column in 0..<gradient.columns {
        let utterance = column % utterances
        let deviation = cache.output.row(channels + channel)[utterance]
        let isFree = cache.variances[channel, utterance] > floor
        result[channel, column] = isFree ? gradient.row(channels + channel)[column] / (2 * deviation) : 0
      }
    }
    return result
  }

  /// Writes the gradients of the energies e. With x taken around the weighted mean m, ∂m/∂e = α·x and
  /// ∂v/∂e = α·(x² − v).
  private func writeEnergyGradients(
    _ gradient: MatrixView, variances: Matrix, cache: Cache, to result: MatrixView
  ) {
    let (utterances, frames) = (cache.grid.utterances, cache.grid.frames)
    inParallel(channels) { channel in
      let centred = Matrix(rows: 1, columns: frames)
      for column in 0..<result.columns / frames {
        let utterance = column % utterances
        centre(channel, utterance, of: cache, into: centred)
        let dVariance = variances[channel, column]
        ck_attention_backward(
          cache.weights.row(channel) + utterance * frames, centred.pointer, result.row(channel) + column * frames,
          frames, gradient.row(channel)[column], dVariance, dVariance * cache.variances[channel, utterance])
      }
    }
  }

  /// Writes x − m for one channel of an utterance.
  private func centre(_ channel: Int, _ utterance: Int, of cache: Cache, into row: Matrix) {
    let frames = row.columns
    ck_affine(
      cache.input.row(channel) + utterance * frames, row.pointer, frames, 1, -cache.output.row(channel)[utterance])
  }

  /// Adds the gradients that reach x through m and the weighted variance, through μ = mean(x) and through
  /// σ = √(Σ(x − μ)²/T).
  private func addPooledGradients(
    _ gradient: MatrixView, means: MatrixView, variances: Matrix, context: ContextualLinear.Context?, cache: Cache
  ) {
    let (utterances, frames) = (cache.grid.utterances, cache.grid.frames)
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
          let distance = cache.output.row(channel)[utterance] - statistics.means[channel, utterance]
          constant = context.means[channel, column] / Float(frames) + slope * distance
        }
        ck_pooling_backward(
          gradient.row(channel) + column * frames, cache.weights.row(channel) + utterance * frames, centred.pointer,
          frames, means.row(channel)[column], variances[channel, column], slope, constant)
      }
    }
  }
}

extension NormalizedAttentionPooling: GraphLayer {
  package func describe(_ input: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    let context = attention.globalContext ? contextStatistics(input, in: &graph) : nil
    let rectified = graph.add("Relu", attention.describe(input, context: context, in: &graph))
    let hidden = graph.add("Tanh", normalization.describe(rectified, in: &graph))
    let weights = graph.frameWeights(energy.describe(hidden, in: &graph))
    let means = graph.frameSum(graph.add("Mul", weights, input))
    let distances = graph.add("Sub", input, means)
    let squares = graph.add("Mul", distances, distances)
    let variances = graph.frameSum(graph.add("Mul", weights, squares))
    return graph.pooled(means, graph.add("Sqrt", graph.atLeast(floor, variances)))
  }

  private func contextStatistics(
    _ input: EncoderGraph.Value, in graph: inout EncoderGraph
  ) -> (means: EncoderGraph.Value, deviations: EncoderGraph.Value) {
    let means = graph.frameMean(input)
    let distances = graph.add("Sub", input, means)
    let variances = graph.frameMean(graph.add("Mul", distances, distances))
    return (means, graph.add("Sqrt", graph.atLeast(floor, variances)))
  }
}
