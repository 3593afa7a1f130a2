import DistTrain
import Testing

/// Poolings over time against central differences (`LayerProbe`).
@Suite struct PoolingGradientTests {
  @Test(arguments: LayerProbe.maps) func `statistics over time`(grid: Grid) {
    let layer = TemporalStatisticsPooling(channels: 3, height: grid.height)
    LayerProbe(layer, EncoderLayout(), grid, input: LayerProbe.normal(3, grid.columns, item: 3))
      .check(.training, within: 1e-3)
  }

  /// Of a view that scales and shifts, as a normalisation gives it.
  @Test(arguments: LayerProbe.maps) func `statistics over time of a view`(grid: Grid) {
    LayerProbe(ofView: TemporalStatisticsPooling(channels: 3, height: grid.height), grid).check(.training, within: 1e-3)
  }

  @Test(arguments: [true, false], LayerProbe.shapes)
  func `attentive statistics pooling`(globalContext: Bool, shape: LayerProbe.Shape) {
    var layout = EncoderLayout()
    let layer = AttentiveStatisticsPooling(
      "p", channels: 5, bottleneck: 3, globalContext: globalContext, layout: &layout)
    LayerProbe(layer, layout, shape).check(.training, step: 0.02, within: 2e-3)
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

  @Test(arguments: LayerProbe.shapes) func `attentive statistics pooling with a normalised hidden layer`(
    shape: LayerProbe.Shape
  ) {
    for mode in shape.modes {
      var layout = EncoderLayout()
      let layer = RectifiedAttentionPooling("p", channels: 5, bottleneck: 4, layout: &layout)
      LayerProbe(layer, layout, shape).check(mode, step: 0.004, within: 2e-2, floor: 4e-3)
    }
  }

  @Test(arguments: LayerProbe.shapes) func `the pooling of xi-vectors`(shape: LayerProbe.Shape) {
    for mode in shape.modes {
      var layout = EncoderLayout()
      let layer = XiPooling("p", channels: 5, bottleneck: 3, layout: &layout)
      LayerProbe(layer, layout, shape).check(mode, within: 2e-2, floor: 2e-3)
    }
  }

  @Test(arguments: LayerProbe.maps) func `a pooling of the lines of maps`(grid: Grid) {
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
}
