import DistTrain
import Testing

/// Blocks of several layers against central differences (`LayerProbe`).
@Suite struct BlockGradientTests {
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
    LayerProbe(inPlace: layer, layout, grid, input: input).check(mode, within: 1e-2, floor: 2e-3)
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

  @Test(arguments: [ForwardPass.Mode.training, .inference])
  func `a residual block of separable convolutions`(mode: ForwardPass.Mode) {
    let grid = Grid(utterances: 3, height: 4, frames: 7)
    var layout = EncoderLayout()
    let layer = SeparableResidualBlock("b", channels: 3, layout: &layout)
    let input = LayerProbe.normal(3, grid.columns, item: 3)
    LayerProbe(layer, layout, grid, input: input, lift: 2).check(mode, step: 0.005, within: 3e-2, floor: 3e-3)
    LayerProbe(inPlace: layer, layout, grid, input: input, lift: 2).check(mode, step: 0.005, within: 3e-2, floor: 3e-3)
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
      LayerProbe(inPlace: layer, layout, grid, input: input, lift: 2).check(
        mode, step: 0.005, within: 3e-2, floor: 3e-3)
    }
  }

  /// Of channels with which kernels of 3 × 3 are filtered, and with which they are not.
  @Test(arguments: [ResidualBlock.Form.basic, .bottleneck], [2, 16])
  func `a residual block that keeps no caches has the bits of one that does`(form: ResidualBlock.Form, channels: Int) {
    let grid = Grid(utterances: 2, height: 6, frames: 41)
    for (inputs, stride, gated) in [(0, 1, false), (3, 2, false), (0, 1, true)] {
      var layout = EncoderLayout()
      let layer = ResidualBlock(
        "b", form: form, inputs: inputs > 0 ? inputs : channels * form.expansion, channels: channels,
        stride: MapStride(height: stride, frames: stride), gated: gated, layout: &layout)
      let parameters = LayerProbe.normal(1, layout.parameters.count, item: 4)
      let statistics = Matrix(
        rows: 1, columns: layout.statistics.count, (0..<layout.statistics.count).map { 0.5 + Float($0 % 7) / 5 })
      let input = AffineView(LayerProbe.normal(layer.inputs, grid.columns, item: 3).view)
      let outputs = [true, false].map {
        layer.forward(
          input, grid,
          ForwardPass(mode: .inference, parameters: parameters, statistics: statistics, keepsCaches: $0)
        ).output.stored().values
      }
      #expect(outputs[0] == outputs[1])
      #expect(outputs[0].contains { $0 > 0 } && outputs[0].contains(0))
    }
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
      LayerProbe(inPlace: layer, layout, grid, input: input, lift: 2).check(
        mode, step: 0.005, within: 3e-2, floor: 3e-3)
    }
  }

  @Test(arguments: LayerProbe.shapes)
  func `a Res2 block`(shape: LayerProbe.Shape) {
    for mode in shape.modes {
      var layout = EncoderLayout()
      let layer = Res2Block("r", channels: 8, scale: 4, kernel: 3, dilation: 2, layout: &layout)
      LayerProbe(layer, layout, shape).check(mode, within: 3e-2, floor: 2e-3)
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
        inPlace
        ? LayerProbe(inPlace: layer, layout, shape.grid, input: input)
        : LayerProbe(layer, layout, shape.grid, input: input)
      probe.check(mode, step: 0.005, within: 3e-2, floor: 3e-3)
    }
  }
}
