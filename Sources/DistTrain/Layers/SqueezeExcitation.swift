internal import CKernels

/// A channel's gate from all channels' means over frames: s = sigmoid(W₂·relu(W₁·mean(x))), y = residual + s·x
/// (Hu, Shen and Sun 2018), the residual connection of ECAPA-TDNN's block included.
package struct SqueezeExcitation: Sendable {
  package struct Cache {
    let input: Matrix
    /// channels × utterances.
    let means: Matrix
    /// bottleneck × utterances, after the ReLU.
    let hidden: Matrix
    /// channels × utterances.
    let gates: Matrix
  }

  package let channels: Int
  let squeeze: Linear
  let excite: Linear

  /// - Parameter name: the scope of `linear1` and `linear2`.
  package init(_ name: String, channels: Int, bottleneck: Int, layout: inout EncoderLayout) {
    let squeeze = Linear("\(name).linear1", inputs: channels, outputs: bottleneck, layout: &layout)
    let excite = Linear("\(name).linear2", inputs: bottleneck, outputs: channels, layout: &layout)
    self.init(squeeze: squeeze, excite: excite)
  }

  /// - Parameters:
  ///   - squeeze: channels → bottleneck.
  ///   - excite: bottleneck → channels.
  package init(squeeze: Linear, excite: Linear) {
    channels = squeeze.inputs
    self.squeeze = squeeze
    self.excite = excite
  }

  /// - Parameters:
  ///   - input: channels × (utterances · frames).
  ///   - residual: the same shape, added to the gated input.
  package func forward(
    _ input: Matrix, residual: MatrixView, utterances: Int, _ pass: ForwardPass
  ) -> (Matrix, Cache) {
    let frames = input.columns / utterances
    let means = Matrix(rows: channels, columns: utterances)
    inParallel(channels) { channel in
      for utterance in 0..<utterances {
        let sum = ck_sum(input.row(channel) + utterance * frames, frames)
        means[channel, utterance] = Float(sum / Double(frames))
      }
    }
    let hidden = squeeze.forward(means.view, pass)
    for element in hidden.elements.indices { hidden.pointer[element] = max(hidden.pointer[element], 0) }
    let gates = excite.forward(hidden.view, pass)
    ck_sigmoid(gates.pointer, gates.count)
    let output = Matrix(rows: channels, columns: input.columns)
    inParallel(channels) { channel in
      for utterance in 0..<utterances {
        let start = utterance * frames
        ck_add_scaled(
          residual.row(channel) + start, input.row(channel) + start, output.row(channel) + start, frames,
          gates[channel, utterance])
      }
    }
    return (output, Cache(input: input, means: means, hidden: hidden, gates: gates))
  }

  /// The input's gradient; the residual's is the output's own.
  /// - Parameter gradient: channels × (objectives · utterances · frames).
  package func backward(_ gradient: MatrixView, cache: Cache, utterances: Int, _ pass: BackwardPass) -> Matrix {
    let frames = cache.input.columns / utterances
    let gateGradient = Matrix(rows: channels, columns: pass.objectives * utterances)
    inParallel(channels) { channel in
      for column in 0..<pass.objectives * utterances {
        let gate = cache.gates[channel, column % utterances]
        let inner = ck_dot(
          gradient.row(channel) + column * frames, cache.input.row(channel) + column % utterances * frames, frames)
        gateGradient[channel, column] = Float(inner) * gate * (1 - gate)
      }
    }
    let hiddenGradient = excite.backward(gateGradient.view, input: cache.hidden.view, pass)
    for row in 0..<hiddenGradient.rows {
      for objective in 0..<pass.objectives {
        ck_relu_backward(hiddenGradient.row(row) + objective * utterances, cache.hidden.row(row), utterances)
      }
    }
    let meanGradient = squeeze.backward(hiddenGradient.view, input: cache.means.view, pass)
    let inputGradient = Matrix(rows: channels, columns: gradient.columns)
    inParallel(channels) { channel in
      for column in 0..<pass.objectives * utterances {
        ck_affine(
          gradient.row(channel) + column * frames, inputGradient.row(channel) + column * frames, frames,
          cache.gates[channel, column % utterances], meanGradient[channel, column] / Float(frames))
      }
    }
    return inputGradient
  }
}
