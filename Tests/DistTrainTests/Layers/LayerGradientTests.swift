import DistTrain
import Testing

/// Linear layers, normalisations and gates against central differences (`LayerProbe`).
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

  @Test func `a normalisation without weight and bias`() {
    var layout = EncoderLayout()
    let layer = BatchNormalization("n", channels: 4, affine: false, layout: &layout)
    #expect(layout.parameters.count == 0 && layout.statistics.count == 8)
    for mode in [ForwardPass.Mode.training, .inference] {
      LayerProbe(layer, layout, Grid(utterances: 9, frames: 1), input: LayerProbe.normal(4, 9, item: 9))
        .check(mode, within: 1e-3)
    }
  }

  @Test(arguments: [1, 2, 9], [false, true])
  func `batch normalisation`(columns: Int, inPlace: Bool) {
    for mode in [ForwardPass.Mode.training, .inference] {
      var layout = EncoderLayout()
      let layer = BatchNormalization("n", channels: 4, layout: &layout)
      let grid = Grid(utterances: columns, frames: 1)
      let input = LayerProbe.normal(4, columns, item: columns)
      let probe =
        inPlace ? LayerProbe(inPlace: layer, layout, grid, input: input) : LayerProbe(layer, layout, grid, input: input)
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

  @Test(arguments: [false, true], LayerProbe.maps) func `a gate by distance from the mean`(inPlace: Bool, grid: Grid) {
    let layer = SimAMGate(channels: 3)
    let input = LayerProbe.normal(3, grid.columns, item: 3)
    let probe =
      inPlace
      ? LayerProbe(inPlace: layer, EncoderLayout(), grid, input: input)
      : LayerProbe(layer, EncoderLayout(), grid, input: input)
    probe.check(.training, within: 2e-3)
  }

  /// Of a view that scales and shifts, as a normalisation gives it.
  @Test(arguments: LayerProbe.maps) func `a gate of a view`(grid: Grid) {
    LayerProbe(ofView: SimAMGate(channels: 3), grid).check(.training, within: 2e-3)
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
