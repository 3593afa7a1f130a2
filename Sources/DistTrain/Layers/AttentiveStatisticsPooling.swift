internal import CKernels

/// Attentive statistics pooling with attention for each channel and with global context (Okabe et al. 2018; Desplanques
/// et al. 2020, section 3.1), as wespeaker's ASTP has it: the softmax over frames of the energies
/// W₂·tanh(W₁·[x; μ; σ] + b₁) + b₂ weights mean and deviation.
public struct AttentiveStatisticsPooling: Layer {
  /// The values that the forward pass keeps for the backward pass.
  public struct Cache: Sendable {
    let moments: WeightedMoments
    /// The mean and deviation of each utterance; nil without global context.
    let context: ContextualLinear.Context?
    /// The hidden activations after tanh, bottleneck × (utterances · frames).
    let hidden: Matrix
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
    let input = input.plain
    let context = attention.globalContext ? contextStatistics(input, grid) : nil
    let hidden = attention.forward(input, context: context, grid, pass)
    inParallel(hidden.rows) { ck_tanh(hidden.row($0), hidden.columns) }
    let energies = Matrix(rows: channels, columns: input.columns)
    _ = energy.forward(AffineView(hidden.view), grid, into: energies.view, pass)
    let moments = WeightedMoments(of: input, energies: energies, grid, floor: floor, into: output)
    let cache = Cache(moments: moments, context: context, hidden: hidden)
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
    let (input, grid, objectives) = (cache.moments.input, cache.moments.grid, pass.objectives)
    let span = input.columns
    let moments = cache.moments.gradients(gradient)
    // The memory of the input's gradient takes the gradient of the energies first.
    let inputGradient = inputGradient ?? Matrix(rows: channels, columns: objectives * span).view
    cache.moments.writeEnergyGradients(moments, to: inputGradient)
    let hiddenGradient = Matrix(rows: cache.hidden.rows, columns: objectives * span)
    energy.backward(inputGradient, cache: cache.hidden.view, into: hiddenGradient.view, pass)
    inParallel(hiddenGradient.rows) { row in
      for objective in 0..<objectives {
        ck_tanh_backward(hiddenGradient.row(row) + objective * span, cache.hidden.row(row), span)
      }
    }
    let context = attention.backward(
      hiddenGradient, input: input, context: cache.context, grid, into: inputGradient, pass)
    cache.moments.addFrameGradients(moments, to: inputGradient, throughReLU: throughReLU) { channel, column in
      contextLine(context, cache: cache, channel: channel, column: column)
    }
  }

  /// The gradient that reaches a channel's frames x through μ = mean(x) and through σ = √(Σ(x − μ)²/(T−1) + 1e-7), as
  /// slope · x + constant.
  private func contextLine(
    _ context: ContextualLinear.Context?, cache: Cache, channel: Int, column: Int
  ) -> (slope: Float, constant: Float) {
    guard let context, let statistics = cache.context else { return (0, 0) }
    let (utterance, frames) = (column % cache.moments.grid.utterances, cache.moments.grid.frames)
    var slope: Float = 0
    if frames > 1 {
      slope = context.deviations[channel, column] / (statistics.deviations[channel, utterance] * Float(frames - 1))
    }
    let constant = context.means[channel, column] / Float(frames) - slope * statistics.means[channel, utterance]
    return (slope, constant)
  }
}

extension AttentiveStatisticsPooling: GraphLayer {
  package func describe(_ input: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    let context = attention.globalContext ? graph.frameStatistics(input, floor: floor) : nil
    let hidden = graph.add("Tanh", attention.describe(input, context: context, in: &graph))
    let statistics = graph.weightedStatistics(input, energies: energy.describe(hidden, in: &graph), floor: floor)
    return graph.pooled(statistics.means, statistics.deviations)
  }
}
