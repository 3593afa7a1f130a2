internal import CKernels

/// Statistics over time of each channel and height of a map (wespeaker's TSTP; statistics pooling of Snyder et al.
/// 2018): the means, and the deviations √(v + 10⁻⁷) by the unbiased variance v.
///
/// Channel c at height h is row c · height + h of the output's means, and the deviations stand below all means: the
/// order in which wespeaker flattens a map.
public struct TemporalStatisticsPooling: Layer {
  /// The values that the forward pass keeps for the backward pass.
  public struct Cache: Sendable {
    /// The input, channels × the grid's columns, one matrix scaled and shifted.
    let input: AffineView
    let grid: Grid
    /// The means above the deviations, 2 · channels · height × utterances.
    let output: MatrixView
  }

  package let channels: Int
  package let height: Int
  public var inputs: Int { channels }
  public var outputs: Int { 2 * channels * height }
  private let floor = 1e-7

  /// - Parameter height: the height of the maps that are pooled.
  public init(channels: Int, height: Int = 1) {
    self.channels = channels
    self.height = height
  }

  public func outputGrid(_ grid: Grid) -> Grid { grid.pooled }

  /// Pools utterances: channels × (utterances · height · frames) → 2 · channels · height × utterances. The variance of
  /// a single frame counts as 0. Of a view that scales and shifts, y = a·x + c, the statistics follow from those of x.
  public func forward(
    _ input: AffineView, _ grid: Grid, into output: MatrixView, _ pass: ForwardPass
  ) -> (output: AffineView, cache: Cache) {
    precondition(grid.height == height, "maps of \(height) lines are pooled, not of \(grid.height)")
    let input = input.isAffine ? input : AffineView(input.stored().view)
    let frames = grid.frames
    let rows = channels * height
    inParallel(rows) { row in
      let (channel, line) = row.quotientAndRemainder(dividingBy: height)
      let (scale, shift) = (Double(input.scales[channel]), Double(input.shifts[channel]))
      for utterance in 0..<grid.utterances {
        let values = input.values.row(channel) + (utterance * height + line) * frames
        let mean = ck_sum(values, frames) / Double(frames)
        let squares = ck_squared_deviations(values, frames, Float(mean))
        let variance = scale * scale * squares / Double(max(frames - 1, 1))
        output.row(row)[utterance] = Float(scale * mean + shift)
        output.row(rows + row)[utterance] = Float((variance + floor).squareRoot())
      }
    }
    return (AffineView(output), Cache(input: input, grid: grid, output: output))
  }

  public func backward(
    _ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass
  ) {
    guard let inputGradient else { return }
    let (utterances, frames, input) = (cache.grid.utterances, cache.grid.frames, cache.input)
    let rows = channels * height
    inParallel(rows) { row in
      let (channel, line) = row.quotientAndRemainder(dividingBy: height)
      for column in 0..<gradient.columns {
        let utterance = column % utterances
        let mean = cache.output.row(row)[utterance]
        let deviation = cache.output.row(rows + row)[utterance]
        // dσ/dx = (x − μ) / ((T − 1)·σ), and dμ/dx = 1/T.
        let slope = frames > 1 ? gradient.row(rows + row)[column] / (deviation * Float(frames - 1)) : 0
        let constant = gradient.row(row)[column] / Float(frames) - slope * (mean - input.shifts[channel])
        ck_affine(
          input.values.row(channel) + (utterance * height + line) * frames,
          inputGradient.row(channel) + (column * height + line) * frames, frames, slope * input.scales[channel],
          constant)
      }
    }
  }
}

extension TemporalStatisticsPooling: GraphLayer {
  package func describe(_ input: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    let statistics = graph.frameStatistics(input, floor: Float(floor))
    return graph.pooled(statistics.means, statistics.deviations)
  }
}
