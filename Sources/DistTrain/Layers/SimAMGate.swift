internal import CKernels

/// A gate without parameters (Yang, Zhang, Li and Xie, "SimAM: A Simple, Parameter-Free Attention Module for
/// Convolutional Neural Networks", ICML 2021, equation 6), as wespeaker has it (`models/samresnet.py`): what lies far
/// from the mean of its map passes, y = x · sigmoid(d / (4·(v + 10⁻⁴)) + ½).
///
/// A map is what an utterance has in one channel, over height and time. d is the squared distance of x from the map's
/// mean, and v the sum of these over all elements but one; a map of a single element has v = 0.
package struct SimAMGate: Layer {
  package struct Cache: Sendable {
    /// The input, one matrix scaled and shifted.
    let input: AffineView
    let grid: Grid
    /// The means of the maps' values before scale and shift, channels × utterances.
    let means: Matrix
    /// 1 / (4·(v + 10⁻⁴)) of each map, channels × utterances.
    let slopes: Matrix

    /// The scale and shift by which a map's values become distances from its mean, the mean after scale and shift, and
    /// the map's slope.
    func spread(_ channel: Int, _ utterance: Int) -> (scale: Float, shift: Float, mean: Float, slope: Float) {
      let (scale, mean) = (input.scales[channel], means[channel, utterance])
      return (scale, -scale * mean, scale * mean + input.shifts[channel], slopes[channel, utterance])
    }

    /// The values of a map before scale and shift, height · frames of them.
    func values(_ channel: Int, _ utterance: Int) -> UnsafeMutablePointer<Float> {
      input.values.row(channel) + utterance * grid.height * grid.frames
    }
  }

  package let channels: Int
  package var inputs: Int { channels }
  package var outputs: Int { channels }
  private let regularisation = 1e-4

  package init(channels: Int) {
    self.channels = channels
  }

  package func forward(
    _ input: AffineView, _ grid: Grid, into memory: MatrixView, _ pass: ForwardPass
  ) -> (output: AffineView, cache: Cache) {
    let input = input.isAffine ? input : AffineView(input.stored().view)
    let count = grid.height * grid.frames
    let means = Matrix(rows: channels, columns: grid.utterances)
    let slopes = Matrix(rows: channels, columns: grid.utterances)
    let cache = Cache(input: input, grid: grid, means: means, slopes: slopes)
    inParallel(channels) { channel in
      let scale = Double(input.scales[channel])
      for utterance in 0..<grid.utterances {
        let values = cache.values(channel, utterance)
        let mean = Float(ck_sum(values, count) / Double(count))
        let squares = ck_squared_deviations(values, count, mean)
        let variance = scale * scale * squares / Double(max(count - 1, 1))
        means[channel, utterance] = mean
        slopes[channel, utterance] = Float(1 / (4 * (variance + regularisation)))
        let spread = cache.spread(channel, utterance)
        ck_energy_gate(
          values, memory.row(channel) + utterance * count, count, spread.scale, spread.shift, spread.mean, spread.slope)
      }
    }
    return (AffineView(memory), cache)
  }

  /// Writes the gradient of the input, which may use the memory of `gradient`.
  ///
  /// With u the distance from the mean, g the gate, k = 1 / (4·(v + 10⁻⁴)) and q = dy·x·g·(1 − g), the gradient is
  /// dy·g + u·(2k·q − 8k²·Σqu² / (N − 1)) − 2k·Σqu / N for a map of N elements: what passes the gate, the distances
  /// themselves, the variance and the mean.
  package func backward(_ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass) {
    guard let inputGradient else { return }
    let (utterances, count) = (cache.grid.utterances, cache.grid.height * cache.grid.frames)
    let objectives = pass.objectives
    inParallel(channels) { channel in
      let gates = Matrix(rows: 1, columns: count)
      for utterance in 0..<utterances {
        let values = cache.values(channel, utterance)
        let spread = cache.spread(channel, utterance)
        let slope = Double(spread.slope)
        ck_energy_gates(values, gates.pointer, count, spread.scale, spread.shift, spread.slope)
        for objective in 0..<objectives {
          let start = (objective * utterances + utterance) * count
          let own = inputGradient.row(channel) + start
          if inputGradient.pointer != gradient.pointer { own.update(from: gradient.row(channel) + start, count: count) }
          var (first, second) = (0.0, 0.0)
          ck_energy_gate_sums(
            own, values, gates.pointer, count, spread.scale, spread.shift, spread.mean, &first, &second)
          let byVariance = Float(-8 * slope * slope * second / Double(max(count - 1, 1)))
          let byMean = Float(-2 * slope * first / Double(count))
          ck_energy_gate_backward(
            own, values, gates.pointer, count, spread.scale, spread.shift, spread.mean, spread.slope, byVariance, byMean
          )
        }
      }
    }
  }
}

extension SimAMGate: GraphLayer {
  package func describe(_ input: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    let means = graph.add("ReduceMean", input, attributes: ["axes": [-2, -1]])
    let distances = graph.add("Sub", input, means)
    let squares = graph.add("Mul", distances, distances)
    let sums = graph.add("ReduceSum", squares, graph.integers(-2, -1))
    let count = graph.elementCount(input, axes: 2)
    let variances = graph.add("Div", sums, graph.degreesOfFreedom(count))
    let spreads = graph.add("Add", variances, graph.number(Float(regularisation)))
    let energies = graph.add("Div", squares, graph.add("Mul", spreads, graph.number(4)))
    let gates = graph.add("Sigmoid", graph.add("Add", energies, graph.number(0.5)))
    return graph.add("Mul", input, gates)
  }
}
