internal import CKernels

/// Convolution, ReLU, batch normalisation, in this order (ECAPA-TDNN's).
package struct ConvolutionBlock: Sendable {
  package struct Cache {
    let input: AffineView
    /// The ReLU's output.
    let rectified: MatrixView
    /// Its means over each utterance's frames, outputs × utterances.
    package let means: Matrix
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
  package func forward(_ input: AffineView, utterances: Int, _ pass: ForwardPass) -> (AffineView, Cache) {
    let rectified = Matrix(rows: convolution.outputs, columns: input.columns).view
    return forward(input, utterances: utterances, rectified: rectified, pass)
  }

  /// - Parameter rectified: takes the ReLU's output, of which the normalised one is a view.
  func forward(
    _ input: AffineView, utterances: Int, rectified: MatrixView, _ pass: ForwardPass
  ) -> (AffineView, Cache) {
    let biases = convolution.forward(input, utterances: utterances, into: rectified, pass)
    let frames = input.columns / utterances
    let means = Matrix(rows: convolution.outputs, columns: utterances)
    // A row is rectified, summed and has its deviations taken while it is in the cache.
    let (output, statistics) = normalization.forward(rectified, pass) { channel, columns in
      stride(from: columns.lowerBound, to: columns.upperBound, by: frames).reduce(0) { total, start in
        let sum = ck_add_scalar_relu(rectified.row(channel) + start, frames, biases[channel])
        means[channel, start / frames] = Float(sum / Double(frames))
        return total + sum
      }
    }
    return (output, Cache(input: input, rectified: rectified, means: means, normalization: statistics))
  }

  /// - Parameters:
  ///   - gradient: outputs × (objectives · utterances · frames); overwritten.
  ///   - inputGradient: inputs × (objectives · utterances · frames); nil where nothing trained lies before.
  ///   - adding: whether the input's gradient is added to what is there.
  package func backward(
    _ gradient: MatrixView, cache: Cache, utterances: Int, into inputGradient: MatrixView?, adding: Bool = false,
    _ pass: BackwardPass
  ) {
    let sums = normalization.backwardThroughReLU(
      gradient, rectified: cache.rectified, cache: cache.normalization, pass)
    convolution.backward(
      gradient, sums: sums, input: cache.input, utterances: utterances, into: inputGradient, adding: adding, pass)
  }

  /// The same for a gradient that is not stored.
  /// - Parameter productGradient: takes the gradient of the product's output, outputs × (objectives · utterances · frames).
  func backward(
    _ gradient: GatedGradient, through productGradient: MatrixView, cache: Cache, into inputGradient: MatrixView,
    _ pass: BackwardPass
  ) {
    let sums = normalization.backwardThroughReLU(
      gradient, rectified: cache.rectified, cache: cache.normalization, into: productGradient, pass)
    convolution.backward(
      productGradient, sums: sums, input: cache.input, utterances: gradient.gates.columns, into: inputGradient, pass)
  }
}
