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
    LayerProbe(layer, layout, Grid(utterances: 7, frames: 1), input: LayerProbe.normal(5, 7, item: 1))
      .check(.training, within: 1e-4)
  }

  @Test func `a linear layer without bias`() {
    var layout = EncoderLayout()
    let layer = Linear("l", inputs: 5, outputs: 3, biased: false, kernel: true, layout: &layout)
    #expect(layout.parameters.parameters.map(\.shape) == [[3, 5, 1]])
    LayerProbe(layer, layout, Grid(utterances: 7, frames: 1), input: LayerProbe.normal(5, 7, item: 1))
      .check(.training, within: 1e-4)
  }

  @Test(arguments: [(1, 1), (3, 2)], LayerProbe.shapes)
  func `a convolution alone`(kernel: (frames: Int, dilation: Int), shape: LayerProbe.Shape) {
    var layout = EncoderLayout()
    let layer = Convolution1D(
      "c", inputs: 3, outputs: 4, kernel: kernel.frames, dilation: kernel.dilation, layout: &layout)
    probe(layer, layout, shape).check(.training, within: 1e-3)
  }

  @Test(arguments: [(1, 1), (5, 1), (3, 2), (3, 4)], LayerProbe.shapes)
  func `a convolution with ReLU and normalisation`(kernel: (frames: Int, dilation: Int), shape: LayerProbe.Shape) {
    for mode in shape.modes {
      var layout = EncoderLayout()
      let layer = ConvolutionBlock(
        convolution: "c", normalization: "n", inputs: 3, outputs: 4, kernel: kernel.frames, dilation: kernel.dilation,
        layout: &layout)
      probe(layer, layout, shape).check(mode, within: 3e-2, floor: 2e-3)
    }
  }

  /// The last of these lines have one place for the widest kernel.
  private static let unpadded = [
    LayerProbe.Shape(utterances: 3, frames: 9), LayerProbe.Shape(utterances: 1, frames: 15),
    LayerProbe.Shape(utterances: 8, frames: 7),
  ]

  @Test(arguments: [(1, 1), (5, 1), (3, 2), (3, 3)], unpadded)
  func `a convolution without padding`(kernel: (frames: Int, dilation: Int), shape: LayerProbe.Shape) {
    var layout = EncoderLayout()
    let layer = Convolution1D(
      "c", inputs: 3, outputs: 4, kernel: kernel.frames, dilation: kernel.dilation, padding: .valid, layout: &layout)
    probe(layer, layout, shape).check(.training, within: 1e-3)
  }

  @Test(arguments: [1, 2, 3], unpadded)
  func `a convolution without padding, by minimal filtering`(dilation: Int, shape: LayerProbe.Shape) {
    var layout = EncoderLayout()
    let layer = Convolution1D(filtering: "c", inputs: 3, outputs: 4, dilation: dilation, layout: &layout)
    #expect(layout.parameters.parameters.map(\.shape) == [[4, 3, 3], [4]])
    probe(layer, layout, shape).check(.training, within: 1e-3)
  }

  @Test(arguments: [(1, 1), (5, 1), (3, 3)], unpadded)
  func `a convolution without padding, with ReLU and a normalisation without weight and bias`(
    kernel: (frames: Int, dilation: Int), shape: LayerProbe.Shape
  ) {
    for mode in [ForwardPass.Mode.training, .inference] {
      var layout = EncoderLayout()
      let layer = ConvolutionBlock(
        convolution: "c", normalization: "n", inputs: 3, outputs: 4, kernel: kernel.frames, dilation: kernel.dilation,
        padding: .valid, affine: false, layout: &layout)
      #expect(layout.parameters.parameters.map(\.name) == ["c.weight", "c.bias"])
      probe(layer, layout, shape).check(mode, within: 3e-2, floor: 2e-3)
    }
  }

  @Test(arguments: [(1, 1, 1), (3, 1, 1), (1, 2, 2), (3, 2, 2), (3, 2, 1)], maps)
  func `a convolution over height and time`(kernel: (size: Int, height: Int, frames: Int), grid: Grid) {
    var layout = EncoderLayout()
    let layer = Convolution2D(
      "c", inputs: 3, outputs: 4, kernel: kernel.size,
      stride: MapStride(height: kernel.height, frames: kernel.frames), layout: &layout)
    LayerProbe(layer, layout, grid, input: LayerProbe.normal(3, grid.columns, item: 3)).check(.training, within: 1e-3)
  }

  @Test func `a convolution by minimal filtering`() {
    let grid = Grid(utterances: 2, height: 3, frames: 6)
    #expect(WinogradProducts.pay(channels: 16, outputs: 17, grid))
    var layout = EncoderLayout()
    let layer = Convolution2D("c", inputs: 16, outputs: 17, kernel: 3, layout: &layout)
    LayerProbe(layer, layout, grid, input: LayerProbe.normal(16, grid.columns, item: 3)).check(.training, within: 1e-3)
  }

  @Test(arguments: maps) func `a convolution of single channels`(grid: Grid) {
    var layout = EncoderLayout()
    let layer = DepthwiseConvolution2D("c", channels: 3, layout: &layout)
    LayerProbe(layer, layout, grid, input: LayerProbe.normal(3, grid.columns, item: 3)).check(.training, within: 1e-3)
  }

  @Test(arguments: maps, [(4, 1), (4, 2), (2, 2)])
  func `a convolution of groups of channels`(grid: Grid, shape: (outputs: Int, groups: Int)) {
    var layout = EncoderLayout()
    let layer = GroupedConvolution2D("c", inputs: 4, outputs: shape.outputs, groups: shape.groups, layout: &layout)
    LayerProbe(layer, layout, grid, input: LayerProbe.normal(4, grid.columns, item: 3)).check(.training, within: 1e-3)
  }

  @Test(arguments: [ForwardPass.Mode.training, .inference])
  func `a convolution of groups of channels with GELU and a product`(mode: ForwardPass.Mode) {
    let grid = Grid(utterances: 3, height: 4, frames: 7)
    var layout = EncoderLayout()
    let layer = ConvNeXtBlock("b", channels: 4, groups: 2, layout: &layout)
    #expect(
      layout.parameters.parameters.map(\.name) == [
        "b.dwconvs.0.weight", "b.dwconvs.0.bias", "b.norm.weight", "b.norm.bias", "b.pwconv1.weight", "b.pwconv1.bias",
      ])
    let input = LayerProbe.normal(4, grid.columns, item: 3)
    LayerProbe(layer, layout, grid, input: input).check(mode, within: 1e-2, floor: 2e-3)
    inPlaceProbe(layer, layout, grid, input).check(mode, within: 1e-2, floor: 2e-3)
  }

  @Test(arguments: [ForwardPass.Mode.training, .inference])
  func `the same to fewer channels, where the input is not added`(mode: ForwardPass.Mode) {
    let grid = Grid(utterances: 3, height: 4, frames: 7)
    var layout = EncoderLayout()
    let layer = ConvNeXtBlock("b", inputs: 6, outputs: 4, groups: 2, layout: &layout)
    #expect(
      layout.parameters.parameters.map(\.name) == [
        "b.0.weight", "b.0.bias", "b.1.weight", "b.1.bias", "b.3.weight", "b.3.bias",
      ])
    LayerProbe(layer, layout, grid, input: LayerProbe.normal(6, grid.columns, item: 3))
      .check(mode, within: 1e-2, floor: 2e-3)
  }

  @Test(arguments: [1, 2, 3]) func `a convolution over lines with a bias`(lines: Int) {
    let grid = Grid(utterances: 2, height: 2 * lines, frames: 5)
    var layout = EncoderLayout()
    let layer = BiasedConvolution2D(overLines: "c", inputs: 3, outputs: 4, lines: lines, layout: &layout)
    #expect(layout.parameters.parameters.map(\.shape) == [[4, 3, lines, 1], [4]])
    let bound = 1 / Float(3 * lines).squareRoot()
    #expect(layout.parameters.parameters.allSatisfy { $0.initialisation == .uniform(bound: bound) })
    LayerProbe(layer, layout, grid, input: LayerProbe.normal(3, grid.columns, item: 3)).check(.training, within: 1e-3)
  }

  @Test(arguments: [(1, 1), (2, 1), (1, 2), (3, 4)], [(4, 4), (4, 2), (6, 1)])
  func `a convolution by patches`(kernel: (height: Int, frames: Int), shape: (outputs: Int, groups: Int)) {
    let grid = Grid(utterances: 2, height: 2 * kernel.height, frames: 3 * kernel.frames)
    var layout = EncoderLayout()
    let layer = PatchConvolution2D(
      "c", inputs: 4, outputs: shape.outputs, groups: shape.groups, kernel: kernel, layout: &layout)
    LayerProbe(layer, layout, grid, input: LayerProbe.normal(4, grid.columns, item: 3)).check(.training, within: 1e-3)
  }

  @Test(arguments: [ForwardPass.Mode.training, .inference])
  func `a residual block of separable convolutions`(mode: ForwardPass.Mode) {
    let grid = Grid(utterances: 3, height: 4, frames: 7)
    var layout = EncoderLayout()
    let layer = SeparableResidualBlock("b", channels: 3, layout: &layout)
    let input = LayerProbe.normal(3, grid.columns, item: 3)
    LayerProbe(layer, layout, grid, input: input, lift: 2).check(mode, step: 0.005, within: 3e-2, floor: 3e-3)
    inPlaceProbe(layer, layout, grid, input, lift: 2).check(mode, step: 0.005, within: 3e-2, floor: 3e-3)
  }

  @Test(arguments: [ResidualBlock.Form.basic, .bottleneck], [(2, 1), (2, 2), (0, 1)])
  func `a residual block`(form: ResidualBlock.Form, shape: (inputs: Int, stride: Int)) {
    let grid = Grid(utterances: 3, height: 4, frames: 7)
    for mode in [ForwardPass.Mode.training, .inference] {
      var layout = EncoderLayout()
      // Without inputs of its own, the block keeps its shape.
      let inputs = shape.inputs > 0 ? shape.inputs : 2 * form.expansion
      let layer = ResidualBlock(
        "b", form: form, inputs: inputs, channels: 2, stride: MapStride(height: shape.stride, frames: shape.stride),
        layout: &layout)
      let input = LayerProbe.normal(inputs, grid.columns, item: 3)
      LayerProbe(layer, layout, grid, input: input, lift: 2).check(mode, step: 0.005, within: 3e-2, floor: 3e-3)
      guard layer.keepsShape else { continue }
      inPlaceProbe(layer, layout, grid, input, lift: 2).check(mode, step: 0.005, within: 3e-2, floor: 3e-3)
    }
  }

  @Test(arguments: maps) func `statistics over time`(grid: Grid) {
    let layer = TemporalStatisticsPooling(channels: 3, height: grid.height)
    LayerProbe(layer, EncoderLayout(), grid, input: LayerProbe.normal(3, grid.columns, item: 3))
      .check(.training, within: 1e-3)
  }

  /// Of a view that scales and shifts, as a normalisation gives it.
  @Test(arguments: maps) func `statistics over time of a view`(grid: Grid) {
    viewProbe(TemporalStatisticsPooling(channels: 3, height: grid.height), grid).check(.training, within: 1e-3)
  }

  @Test func `a normalisation without weight and bias`() {
    var layout = EncoderLayout()
    let layer = BatchNormalization("n", channels: 4, affine: false, layout: &layout)
    #expect(layout.parameters.count == 0 && layout.statistics.count == 8)
    for mode in [ForwardPass.Mode.training, .inference] {
      LayerProbe(layer, layout, Grid(utterances: 9, frames: 1), input: LayerProbe.normal(4, 9, item: 9))
        .check(mode, within: 1e-3)
    }
  }

  /// One line, one frame, one of both, even and odd.
  private static let maps = [
    Grid(utterances: 2, height: 3, frames: 5), Grid(utterances: 1, height: 4, frames: 6),
    Grid(utterances: 2, height: 1, frames: 7), Grid(utterances: 3, height: 5, frames: 1),
    Grid(utterances: 1, height: 1, frames: 1),
  ]

  @Test(arguments: [1, 2, 9], [false, true])
  func `batch normalisation`(columns: Int, inPlace: Bool) {
    for mode in [ForwardPass.Mode.training, .inference] {
      var layout = EncoderLayout()
      let layer = BatchNormalization("n", channels: 4, layout: &layout)
      let grid = Grid(utterances: columns, frames: 1)
      let input = LayerProbe.normal(4, columns, item: columns)
      let probe = inPlace ? inPlaceProbe(layer, layout, grid, input) : LayerProbe(layer, layout, grid, input: input)
      // One column is its own mean: its slope is 1/√ε on nothing but rounding.
      probe.check(mode, within: 1e-3, floor: columns == 1 ? 5e-3 : 1e-4)
    }
  }

  @Test(arguments: LayerProbe.shapes)
  func `squeeze and excitation`(shape: LayerProbe.Shape) {
    var layout = EncoderLayout()
    let layer = SqueezeExcitation("s", channels: 4, bottleneck: 3, layout: &layout)
    let scales: [Float] = [1, 0.5, -1.5, 2]
    LayerProbe(layout, input: LayerProbe.normal(4, shape.grid.columns, item: 3)) { input, pass in
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
      probe(layer, layout, shape).check(mode, within: 3e-2, floor: 2e-3)
    }
  }

  @Test(arguments: LayerProbe.shapes, [false, true])
  func `a whole SE-Res2 block`(shape: LayerProbe.Shape, inPlace: Bool) {
    for mode in shape.modes {
      var layout = EncoderLayout()
      let layer = SERes2Block(
        "b", channels: 8, scale: 4, kernel: 3, dilation: 2, bottleneck: 3, layout: &layout)
      let input = LayerProbe.normal(8, shape.grid.columns, item: 3)
      let probe =
        inPlace ? inPlaceProbe(layer, layout, shape.grid, input) : LayerProbe(layer, layout, shape.grid, input: input)
      probe.check(mode, step: 0.005, within: 3e-2, floor: 3e-3)
    }
  }

  @Test(arguments: [true, false], LayerProbe.shapes)
  func `attentive statistics pooling`(globalContext: Bool, shape: LayerProbe.Shape) {
    var layout = EncoderLayout()
    let layer = AttentiveStatisticsPooling(
      "p", channels: 5, bottleneck: 3, globalContext: globalContext, layout: &layout)
    probe(layer, layout, shape).check(.training, step: 0.02, within: 2e-3)
    // What is a ReLU's output is kept positive here, so that the ReLU passes everything on.
    let positive = LayerProbe.normal(5, shape.grid.columns, item: 4)
    for element in positive.elements.indices { positive.pointer[element] = abs(positive.pointer[element]) + 0.1 }
    LayerProbe(layout, input: positive) { input, pass in
      let (output, cache) = layer.forward(AffineView(input.view), shape.grid, pass)
      return (
        output.stored(),
        { gradient, pass in
          let inputGradient = Matrix(rows: 5, columns: 2 * input.columns)
          layer.backwardThroughReLU(gradient.view, cache: cache, into: inputGradient.view, pass)
          return inputGradient
        }
      )
    }.check(.training, step: 0.02, within: 2e-3)
  }

  @Test(arguments: [false, true], maps) func `a gate by distance from the mean`(inPlace: Bool, grid: Grid) {
    let layer = SimAMGate(channels: 3)
    let input = LayerProbe.normal(3, grid.columns, item: 3)
    let probe =
      inPlace
      ? inPlaceProbe(layer, EncoderLayout(), grid, input) : LayerProbe(layer, EncoderLayout(), grid, input: input)
    probe.check(.training, within: 2e-3)
  }

  /// Of a view that scales and shifts, as a normalisation gives it.
  @Test(arguments: maps) func `a gate of a view`(grid: Grid) {
    viewProbe(SimAMGate(channels: 3), grid).check(.training, within: 2e-3)
  }

  @Test(arguments: [ResidualBlock.Form.basic, .bottleneck], [2, 0])
  func `a residual block with a gate`(form: ResidualBlock.Form, inputs: Int) {
    let grid = Grid(utterances: 3, height: 4, frames: 7)
    for mode in [ForwardPass.Mode.training, .inference] {
      var layout = EncoderLayout()
      // Without inputs of its own, the block keeps its shape.
      let layer = ResidualBlock(
        "b", form: form, inputs: inputs > 0 ? inputs : 2 * form.expansion, channels: 2,
        stride: MapStride(height: max(inputs, 1), frames: max(inputs, 1)), gated: true, layout: &layout)
      let input = LayerProbe.normal(layer.inputs, grid.columns, item: 3)
      LayerProbe(layer, layout, grid, input: input, lift: 2).check(mode, step: 0.005, within: 3e-2, floor: 3e-3)
      guard layer.keepsShape else { continue }
      inPlaceProbe(layer, layout, grid, input, lift: 2).check(mode, step: 0.005, within: 3e-2, floor: 3e-3)
    }
  }

  @Test(arguments: LayerProbe.shapes) func `attentive statistics pooling with a normalised hidden layer`(
    shape: LayerProbe.Shape
  ) {
    for mode in shape.modes {
      var layout = EncoderLayout()
      let layer = RectifiedAttentionPooling("p", channels: 5, bottleneck: 4, layout: &layout)
      probe(layer, layout, shape).check(mode, step: 0.004, within: 2e-2, floor: 4e-3)
    }
  }

  @Test(arguments: LayerProbe.shapes) func `the pooling of xi-vectors`(shape: LayerProbe.Shape) {
    for mode in shape.modes {
      var layout = EncoderLayout()
      let layer = XiPooling("p", channels: 5, bottleneck: 3, layout: &layout)
      probe(layer, layout, shape).check(mode, within: 2e-2, floor: 2e-3)
    }
  }

  @Test(arguments: maps) func `a pooling of the lines of maps`(grid: Grid) {
    var layout = EncoderLayout()
    let layer = LinePooling(
      XiPooling("p", channels: 2 * grid.height, bottleneck: 3, layout: &layout), height: grid.height)
    LayerProbe(layer, layout, grid, input: LayerProbe.normal(2, grid.columns, item: 3))
      .check(.inference, within: 2e-2, floor: 2e-3)
  }

  @Test func `pooling gives no gradient where the ReLU before it did not pass`() {
    var layout = EncoderLayout()
    let layer = AttentiveStatisticsPooling("p", channels: 3, bottleneck: 2, globalContext: true, layout: &layout)
    let parameters = Matrix(rows: 1, columns: layout.parameters.count)
    layout.parameters.initialise(parameters.pointer, seed: 2)
    let input = LayerProbe.normal(3, 12, item: 6)
    for element in input.elements.indices { input.pointer[element] = max(input.pointer[element], 0) }
    let (_, cache) = layer.forward(
      AffineView(input.view), Grid(utterances: 2, frames: 6),
      ForwardPass(mode: .training, parameters: parameters, statistics: parameters))
    let buffer = Matrix.zeros(rows: 1, columns: layout.parameters.count)
    let gradient = Matrix(rows: 3, columns: 12)
    layer.backwardThroughReLU(
      LayerProbe.normal(6, 2, item: 7).view, cache: cache, into: gradient.view,
      BackwardPass(parameters: parameters, gradients: [buffer]))
    for (element, value) in input.elements.enumerated() { #expect((value == 0) == (gradient.pointer[element] == 0)) }
  }

  private func probe<Probed: Layer>(_ layer: Probed, _ layout: EncoderLayout, _ shape: LayerProbe.Shape) -> LayerProbe {
    LayerProbe(layer, layout, shape.grid, input: LayerProbe.normal(layer.inputs, shape.grid.columns, item: 3))
  }

  /// The input's gradient takes the memory of the output's.
  /// A layer of three rows without parameters, whose input is scaled and shifted.
  private func viewProbe(_ layer: some Layer, _ grid: Grid) -> LayerProbe {
    let (scales, shifts): ([Float], [Float]) = ([0.5, -1.5, 2], [1, -0.5, 3])
    return LayerProbe(EncoderLayout(), input: LayerProbe.normal(3, grid.columns, item: 3)) { input, pass in
      let view = AffineView(input.view, scales: scales, shifts: shifts)
      let (output, cache) = layer.forward(view, grid, pass)
      return (
        output.stored(),
        { gradient, pass in
          let result = Matrix(rows: 3, columns: 2 * input.columns)
          layer.backward(gradient.view, cache: cache, into: result.view, pass)
          for row in 0..<3 {
            for column in 0..<result.columns { result[row, column] *= scales[row] }
          }
          return result
        }
      )
    }
  }

  private func inPlaceProbe<Probed: Layer>(
    _ layer: Probed, _ layout: EncoderLayout, _ grid: Grid, _ input: Matrix, lift: Float = 0
  ) -> LayerProbe {
    LayerProbe(layout, input: input, lift: lift) { input, pass in
      let (output, cache) = layer.forward(AffineView(input.view), grid, pass)
      return (
        output.stored(),
        { gradient, pass in
          layer.backward(gradient.view, cache: cache, into: gradient.view, pass)
          return gradient
        }
      )
    }
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
