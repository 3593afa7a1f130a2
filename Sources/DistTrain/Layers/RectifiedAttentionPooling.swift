/// Attentive statistics pooling with attention for each channel (Okabe et al. 2018; Desplanques et al. 2020, section
/// 3.1), as wespeaker's ASP has it: the softmax over frames of the energies W₂·BN(relu(W₁·x + b₁)) + b₂ weights mean
/// and deviation. Variances are at least 10⁻⁵.
public struct RectifiedAttentionPooling: Layer {
  /// The values that the forward pass keeps for the backward pass.
  public struct Cache: Sendable {
    let moments: WeightedMoments
    let attention: AttentionEnergies.Cache
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
    let input = input.plain
    let (energies, attentionCache) = attention.forward(input, grid, pass)
    let moments = WeightedMoments(of: input, energies: energies, grid, floor: floor, into: output)
    let cache = Cache(moments: moments, attention: attentionCache)
    return (AffineView(output), cache)
  }

  public func backward(
    _ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass
  ) {
    let moments = cache.moments.gradients(gradient)
    // The memory of the input's gradient takes the gradient of the energies first.
    let inputGradient =
      inputGradient ?? Matrix(rows: channels, columns: pass.objectives * cache.moments.input.columns).view
    cache.moments.writeEnergyGradients(moments, to: inputGradient)
    attention.backward(inputGradient, cache: cache.attention, pass)
    cache.moments.addFrameGradients(moments, to: inputGradient)
  }
}

extension RectifiedAttentionPooling: GraphLayer {
  package func describe(_ input: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    let statistics = graph.weightedStatistics(input, energies: attention.describe(input, in: &graph), floor: floor)
    return graph.pooled(statistics.means, statistics.deviations)
  }
}
