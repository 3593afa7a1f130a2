internal import CKernels

/// Convolution, ReLU, batch normalisation, in this order (ECAPA-TDNN's).
package struct ConvolutionBlock: Sendable {
  package struct Cache {
    let input: MatrixView
    /// The ReLU's output.
    let rectified: MatrixView
    let normalization: BatchNormalization.Cache
  }

  let convolution: Convolution1D
  let normalization: BatchNormalization
  /// The first of its parameters' elements in the flat buffer.
  var offset: Int { convolution.weight.offset }

  package init(
    convolution: String, normalization: String, inputs: Int, outputs: Int, kernel: Int = 1, dilation: Int = 1,
    padding: Convolution1D.Padding = .zeros, layout: inout EncoderLayout
  ) {
    self.convolution = Convolution1D(
      convolution, inputs: inputs, outputs: outputs, kernel: kernel, dilation: dilation, padding: padding,
      layout: &layout)
    self.normalization = BatchNormalization(normalization, channels: outputs, layout: &layout)
  }

  /// inputs × (utterances · frames) → outputs × (utterances · frames).
  package func forward(_ input: MatrixView, utterances: Int, _ pass: ForwardPass) -> (Matrix, Cache) {
    let output = Matrix(rows: convolution.outputs, columns: input.columns)
    return (output, forward(input, utterances: utterances, into: output.view, pass))
  }

  func forward(_ input: MatrixView, utterances: Int, into output: MatrixView, _ pass: ForwardPass) -> Cache {
    let rectified = Matrix(rows: convolution.outputs, columns: input.columns).view
    convolution.forward(input, utterances: utterances, into: rectified, pass)
    let bias = convolution.bias(pass)
    inParallel(convolution.outputs) { channel in
      ck_add_scalar_relu(rectified.row(channel), rectified.columns, bias[channel])
    }
    let statistics = normalization.forward(rectified, into: output, pass)
    return Cache(input: input, rectified: rectified, normalization: statistics)
  }

  /// - Parameters:
  ///   - gradient: outputs × (objectives · utterances · frames); overwritten.
  ///   - inputGradient: inputs × (objectives · utterances · frames); nil where nothing trained lies before.
  package func backward(
    _ gradient: MatrixView, cache: Cache, utterances: Int, into inputGradient: MatrixView?, _ pass: BackwardPass
  ) {
    let sums = normalization.backwardThroughReLU(
      gradient, rectified: cache.rectified, cache: cache.normalization, pass)
    for objective in 0..<pass.objectives {
      for channel in 0..<convolution.outputs {
        convolution.addBiasGradient(sums[objective][channel], channel: channel, objective: objective, pass)
      }
    }
    convolution.backward(gradient, input: cache.input, utterances: utterances, into: inputGradient, pass)
  }
}
