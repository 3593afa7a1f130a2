import DistTrain
import Testing

/// Every layer's backward pass against central differences, in training and in inference mode.
///
/// Smooth layers agree to 1e-3 and better. Behind a ReLU an element that crosses zero within the step bends the
/// difference, and a normalisation multiplies rounding: those bounds are looser. `ECAPATDNNTests` holds the same
/// gradients to 1e-4 of PyTorch's in double precision.
@Suite struct LayerGradientTests {
  @Test func `a linear layer`() {
    var layout = EncoderLayout()
    let layer = Linear("l", inputs: 5, outputs: 3, layout: &layout)
    LayerProbe(layout, input: LayerProbe.normal(5, 7, item: 1)) { input, pass in
      (layer.forward(input.view, pass), { layer.backward($0.view, input: input.view, $1) })
    }.check(.training, within: 1e-4)
  }

  @Test(arguments: [(1, 1), (5, 1), (3, 2), (3, 4)], LayerProbe.shapes)
  func `a convolution with ReLU and normalisation`(kernel: (frames: Int, dilation: Int), shape: LayerProbe.Shape) {
    for mode in shape.modes {
      var layout = EncoderLayout()
      let layer = ConvolutionBlock(
        convolution: "c", normalization: "n", inputs: 3, outputs: 4, kernel: kernel.frames, dilation: kernel.dilation,
        layout: &layout)
      probe(layout, channels: 3, shape) { input, pass in
        let (output, cache) = layer.forward(AffineView(input.view), utterances: shape.utterances, pass)
        return LayerProbe.written(output, inputs: input.rows) {
          layer.backward($0, cache: cache, utterances: shape.utterances, into: $1, $2)
        }
      }.check(mode, within: 3e-2, floor: 2e-3)
    }
  }

  @Test(arguments: [1, 2, 9])
  func `batch normalisation`(columns: Int) {
    for mode in [ForwardPass.Mode.training, .inference] {
      var layout = EncoderLayout()
      let layer = BatchNormalization("n", channels: 4, layout: &layout)
      LayerProbe(layout, input: LayerProbe.normal(4, columns, item: columns)) { input, pass in
        let output = Matrix(rows: 4, columns: columns)
        let cache = layer.forward(input.view, into: output.view, pass)
        return (
          output,
          { gradient, pass in
            layer.backward(gradient.view, input: input.view, cache: cache, pass)
            return gradient
          }
        )
        // One column is its own mean: its slope is 1/√ε on nothing but rounding.
      }.check(mode, within: 1e-3, floor: columns == 1 ? 5e-3 : 1e-4)
    }
  }

  @Test(arguments: LayerProbe.shapes)
  func `squeeze and excitation`(shape: LayerProbe.Shape) {
    var layout = EncoderLayout()
    let layer = SqueezeExcitation("s", channels: 4, bottleneck: 3, layout: &layout)
    let scales: [Float] = [1, 0.5, -1.5, 2]
    probe(layout, channels: 4, shape) { input, pass in
      // The input is its own residual here.
      let view = AffineView(input.view, scales: scales, shifts: [0, 1, -0.5, 2])
      let output = Matrix(rows: 4, columns: input.columns)
      let cache = layer.forward(
        view, valueMeans: frameMeans(input, shape), residual: view, into: output.view, pass)
      return (
        output,
        { gradient, pass in
          let result = stored(layer.backward(gradient.view, cache: cache, centres: [0, 0.5, -1, 2], pass), shape)
          for row in 0..<4 {
            for column in 0..<result.columns {
              result[row, column] = scales[row] * (result[row, column] + gradient[row, column])
            }
          }
          return result
        }
      )
    }.check(.training, step: 0.004, within: 5e-3)
  }

  @Test(arguments: LayerProbe.shapes)
  func `a Res2 block`(shape: LayerProbe.Shape) {
    for mode in shape.modes {
      var layout = EncoderLayout()
      let layer = Res2Block("r", channels: 8, scale: 4, kernel: 3, dilation: 2, layout: &layout)
      probe(layout, channels: 8, shape) { input, pass in
        let (output, cache) = layer.forward(AffineView(input.view), utterances: shape.utterances, pass)
        return LayerProbe.written(output, inputs: input.rows) {
          layer.backward($0, cache: cache, utterances: shape.utterances, into: $1, $2)
        }
      }.check(mode, within: 3e-2, floor: 2e-3)
    }
  }

  @Test(arguments: LayerProbe.shapes)
  func `a whole SE-Res2 block`(shape: LayerProbe.Shape) {
    for mode in shape.modes {
      var layout = EncoderLayout()
      let layer = SERes2Block(
        "b", channels: 8, scale: 4, kernel: 3, dilation: 2, bottleneck: 3, layout: &layout)
      probe(layout, channels: 8, shape) { input, pass in
        let output = Matrix(rows: 8, columns: input.columns)
        let cache = layer.forward(
          AffineView(input.view), utterances: shape.utterances, into: output.view, pass)
        return (
          output,
          { gradient, pass in
            layer.backward(gradient.view, cache: cache, utterances: shape.utterances, pass)
            return gradient
          }
        )
      }.check(mode, step: 0.005, within: 3e-2, floor: 3e-3)
    }
  }

  @Test(arguments: [true, false], LayerProbe.shapes)
  func `attentive statistics pooling`(globalContext: Bool, shape: LayerProbe.Shape) {
    var layout = EncoderLayout()
    let layer = AttentiveStatisticsPooling(
      "p", channels: 5, bottleneck: 3, globalContext: globalContext, layout: &layout)
    // Its input is a ReLU's output: kept positive here, so that the ReLU passes everything on.
    let positive = LayerProbe.normal(5, shape.utterances * shape.frames, item: 4)
    for element in positive.elements.indices { positive.pointer[element] = abs(positive.pointer[element]) + 0.1 }
    LayerProbe(layout, input: positive) { input, pass in
      let (output, cache) = layer.forward(input, utterances: shape.utterances, pass)
      return (output, { layer.backwardThroughReLU($0, cache: cache, utterances: shape.utterances, $1) })
    }.check(.training, step: 0.02, within: 2e-3)
  }

  @Test func `pooling gives no gradient where the ReLU before it did not pass`() {
    var layout = EncoderLayout()
    let layer = AttentiveStatisticsPooling("p", channels: 3, bottleneck: 2, globalContext: true, layout: &layout)
    let parameters = Matrix(rows: 1, columns: layout.parameters.count)
    layout.parameters.initialise(parameters.pointer, seed: 2)
    let input = LayerProbe.normal(3, 12, item: 6)
    for element in input.elements.indices { input.pointer[element] = max(input.pointer[element], 0) }
    let (_, cache) = layer.forward(
      input, utterances: 2,
      ForwardPass(mode: .training, parameters: parameters, statistics: parameters))
    let buffer = Matrix.zeros(rows: 1, columns: layout.parameters.count)
    let gradient = layer.backwardThroughReLU(
      LayerProbe.normal(6, 2, item: 7), cache: cache, utterances: 2,
      BackwardPass(parameters: parameters, gradients: [buffer]))
    for (element, value) in input.elements.enumerated() { #expect((value == 0) == (gradient.pointer[element] == 0)) }
  }

  private func probe(
    _ layout: EncoderLayout, channels: Int, _ shape: LayerProbe.Shape,
    _ run: @escaping (Matrix, ForwardPass) -> LayerProbe.Result
  ) -> LayerProbe {
    LayerProbe(layout, input: LayerProbe.normal(channels, shape.utterances * shape.frames, item: 3), run)
  }

  private func frameMeans(_ matrix: Matrix, _ shape: LayerProbe.Shape) -> Matrix {
    let means = Matrix.zeros(rows: matrix.rows, columns: shape.utterances)
    for row in 0..<matrix.rows {
      for column in 0..<matrix.columns {
        means[row, column / shape.frames] += matrix[row, column] / Float(shape.frames)
      }
    }
    return means
  }

  private func stored(_ gated: GatedGradient, _ shape: LayerProbe.Shape) -> Matrix {
    let result = Matrix(rows: gated.gradient.rows, columns: gated.gradient.columns)
    for row in 0..<result.rows {
      for column in 0..<result.columns {
        let at = column / shape.frames
        result[row, column] =
          gated.gates[row, at % shape.utterances] * gated.gradient.row(row)[column] + gated.constants[row, at]
      }
    }
    return result
  }
}
