internal import CKernels

/// A gate for each channel that depends on the means of all channels over frames: s = sigmoid(W₂·relu(W₁·mean(x))),
/// y = residual + s·x (Hu, Shen and Sun 2018). It includes the residual connection of ECAPA-TDNN's block.
///
/// Means are over all columns of an utterance.
package struct SqueezeExcitation: Sendable {
  package struct Cache {
    let input: AffineView
    /// The means over each utterance's columns of the values that the input is a view of, channels × utterances.
    let valueMeans: Matrix
    /// The means of the input itself, channels × utterances.
    let means: Matrix
    /// The hidden activations after the ReLU, bottleneck × utterances.
    let hidden: Matrix
    /// The gates s, channels × utterances.
    let gates: Matrix
  }

  package let channels: Int
  let squeeze: Linear
  let excite: Linear

  /// - Parameter name: the scope of `linear1` and `linear2`.
  package init(_ name: String, channels: Int, bottleneck: Int, layout: inout EncoderLayout) {
    self = layout.scope(name) {
      SqueezeExcitation(
        squeeze: Linear("linear1", inputs: channels, outputs: bottleneck, layout: &$0),
        excite: Linear("linear2", inputs: bottleneck, outputs: channels, layout: &$0))
    }
  }

  /// - Parameters:
  ///   - squeeze: the map W₁ from channels to bottleneck.
  ///   - excite: the map W₂ from bottleneck to channels.
  package init(squeeze: Linear, excite: Linear) {
    channels = squeeze.inputs
    self.squeeze = squeeze
    self.excite = excite
  }

  /// Computes the output.
  /// - Parameters:
  ///   - input: the input, channels × columns, a view of one matrix.
  ///   - valueMeans: the means of that matrix over each utterance's columns, channels × utterances.
  ///   - residual: a view of one matrix, of the same shape as the input, which is added to the gated input.
  ///   - output: takes the result, of the same shape.
  package func forward(
    _ input: AffineView, valueMeans: Matrix, residual: AffineView, into output: MatrixView, _ pass: ForwardPass
  ) -> Cache {
    precondition(input.isAffine && residual.isAffine, "the gate's passes read one matrix each")
    let utterances = valueMeans.columns
    let means = Matrix(rows: channels, columns: utterances)
    for channel in 0..<channels {
      for utterance in 0..<utterances {
        means[channel, utterance] = input.scales[channel] * valueMeans[channel, utterance] + input.shifts[channel]
      }
    }
    let grid = Grid(utterances: utterances, frames: 1)
    let hidden = Matrix(rows: squeeze.outputs, columns: utterances)
    _ = squeeze.forward(AffineView(means.view), grid, into: hidden.view, pass)
    for element in hidden.elements.indices { hidden.pointer[element] = max(hidden.pointer[element], 0) }
    let gates = Matrix(rows: channels, columns: utterances)
    _ = excite.forward(AffineView(hidden.view), grid, into: gates.view, pass)
    ck_sigmoid(gates.pointer, gates.count)
    let frames = input.columns / utterances
    inParallel(channels) { channel in
      for utterance in 0..<utterances {
        let start = utterance * frames
        let gate = gates[channel, utterance]
        ck_affine_sum(
          residual.values.row(channel) + start, input.values.row(channel) + start, output.row(channel) + start, frames,
          residual.scales[channel], gate * input.scales[channel],
          residual.shifts[channel] + gate * input.shifts[channel])
      }
    }
    return Cache(input: input, valueMeans: valueMeans, means: means, hidden: hidden, gates: gates)
  }

  /// Adds the gradients of the parameters and returns that of the input. The gradient of the residual is that of the
  /// output.
  /// - Parameters:
  ///   - gradient: the gradient of the output, channels × (objectives · utterances · frames).
  ///   - centres: the number of each channel around which the gradient's sums take the input's values.
  package func backward(
    _ gradient: MatrixView, cache: Cache, centres: [Float], _ pass: BackwardPass
  ) -> GatedGradient {
    let utterances = cache.means.columns
    let columns = pass.objectives * utterances
    let frames = cache.input.columns / utterances
    // Σ dy and Σ dy·(v − m) for each channel and each utterance of each objective.
    let sums = [Double](filling: 2 * channels * columns) { sums in
      inParallel(channels) { channel in
        for column in 0..<columns {
          let at = 2 * (channel * columns + column)
          ck_normalization_sums(
            gradient.row(channel) + column * frames, cache.input.values.row(channel) + column % utterances * frames,
            frames, centres[channel], sums.pointer + at, sums.pointer + at + 1)
        }
      }
    }
    let constants = constants(sums, cache: cache, centres: centres, pass)
    return GatedGradient(
      gradient: gradient, gates: cache.gates, constants: constants,
      sums: gatedSums(sums, constants: constants, cache: cache, centres: centres, pass))
  }

  /// The gradient that reaches each frame of the input through the means, channels × (objectives · utterances).
  private func constants(_ sums: [Double], cache: Cache, centres: [Float], _ pass: BackwardPass) -> Matrix {
    let utterances = cache.means.columns
    let gateGradient = Matrix(rows: channels, columns: pass.objectives * utterances)
    for channel in 0..<channels {
      let scale = Double(cache.input.scales[channel])
      let level = scale * Double(centres[channel]) + Double(cache.input.shifts[channel])
      for column in 0..<gateGradient.columns {
        let at = 2 * (channel * gateGradient.columns + column)
        let gate = cache.gates[channel, column % utterances]
        // Σ dy·x, with x = scale·(v − m) + level.
        gateGradient[channel, column] = Float(scale * sums[at + 1] + level * sums[at]) * gate * (1 - gate)
      }
    }
    let hiddenGradient = Matrix(rows: squeeze.outputs, columns: gateGradient.columns)
    excite.backward(gateGradient.view, cache: cache.hidden.view, into: hiddenGradient.view, pass)
    for row in 0..<hiddenGradient.rows {
      for objective in 0..<pass.objectives {
        ck_relu_backward(hiddenGradient.row(row) + objective * utterances, cache.hidden.row(row), utterances)
      }
    }
    let constants = Matrix(rows: channels, columns: gateGradient.columns)
    squeeze.backward(hiddenGradient.view, cache: cache.means.view, into: constants.view, pass)
    let frames = Float(cache.input.columns / utterances)
    for element in constants.elements.indices { constants.pointer[element] /= frames }
    return constants
  }

  private func gatedSums(
    _ sums: [Double], constants: Matrix, cache: Cache, centres: [Float], _ pass: BackwardPass
  ) -> [Double] {
    let utterances = cache.means.columns
    let frames = Double(cache.input.columns / utterances)
    let units = pass.units.ranges(of: utterances)
    var result = [Double](repeating: 0, count: 2 * pass.objectives * channels * units.count)
    for (unit, range) in units.enumerated() {
      for row in 0..<pass.objectives * channels {
        let (objective, channel) = row.quotientAndRemainder(dividingBy: channels)
        let own = 2 * (unit * pass.objectives * channels + row)
        for utterance in range {
          let column = objective * utterances + utterance
          let at = 2 * (channel * constants.columns + column)
          let gate = Double(cache.gates[channel, utterance])
          let constant = Double(constants[channel, column]) * frames
          let distance = Double(cache.valueMeans[channel, utterance]) - Double(centres[channel])
          result[own] += gate * sums[at] + constant
          result[own + 1] += gate * sums[at + 1] + constant * distance
        }
      }
    }
    return result
  }
}

/// The gradient of the input of a squeeze-excitation, dx = gate·dy + constant for each channel and utterance. It is not
/// stored: the layer before computes it as it reads it.
package struct GatedGradient: Sendable {
  /// The gradient dy of the output, channels × (objectives · utterances · frames).
  package let gradient: MatrixView
  /// The gates, channels × utterances, which are the same for all objectives.
  package let gates: Matrix
  /// The constants, channels × (objectives · utterances).
  package let constants: Matrix
  /// Σ dx and Σ dx·(v − m) for each unit, objective and channel, where v are the values that the input is a view of and
  /// m is the centre of their channel.
  package let sums: [Double]
}

extension SqueezeExcitation {
  /// Adds the gated input, without the residual.
  func describe(_ input: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    let means = graph.pooled(graph.frameMean(input))
    let hidden = graph.add("Relu", squeeze.describe(means, in: &graph))
    let gates = graph.add("Sigmoid", excite.describe(hidden, in: &graph))
    return graph.add("Mul", input, graph.add("Unsqueeze", gates, graph.integers(2)))
  }
}
