import DistTrain
import Testing

/// Maps of several lines of frames an utterance.
@Suite struct GridTests {
  private static let grid = Grid(utterances: 2, height: 3, frames: 7)

  @Test func `a grid counts its lines and columns, and pooled it has one for each utterance`() {
    #expect(Self.grid.lines == 6 && Self.grid.columns == 42)
    #expect(Self.grid.pooled == Grid(utterances: 2, frames: 1))
    #expect(Self.grid.pooled.columns == 2)
  }

  @Test func `a map's lines are rows, channel by channel, and become the map again`() {
    let map = LayerProbe.normal(2, Self.grid.columns, item: 82)
    let lines = Self.grid.lines(of: AffineView(map.view, scales: [1, 2], shifts: [0, 3]).rectified)
    #expect(lines.rows == 6 && lines.columns == 14)
    for row in 0..<6 {
      for column in 0..<14 {
        let value = map[row / 3, (column / 7 * 3 + row % 3) * 7 + column % 7]
        #expect(lines[row, column] == max(row < 3 ? value : 2 * value + 3, 0))
      }
    }
    #expect(Self.grid.map(of: Self.grid.lines(of: AffineView(map.view)).view).values == map.values)
  }

  /// A layer's output, input gradient and parameters' gradients.
  private func pass<Passed: Layer>(_ layer: Passed, _ layout: EncoderLayout, _ grid: Grid) -> [[Float]] {
    let parameters = Matrix(rows: 1, columns: layout.parameters.count)
    let statistics = Matrix(rows: 1, columns: layout.statistics.count)
    layout.parameters.initialise(parameters.pointer, seed: 4)
    layout.statistics.initialise(statistics.pointer, seed: 4)
    let input = LayerProbe.normal(layer.inputs, grid.columns, item: 80)
    let (output, cache) = layer.forward(
      AffineView(input.view), grid, ForwardPass(mode: .training, parameters: parameters, statistics: statistics))
    let buffer = Matrix.zeros(rows: 1, columns: layout.parameters.count)
    let inputGradient = Matrix(rows: layer.inputs, columns: grid.columns)
    layer.backward(
      LayerProbe.normal(layer.outputs, grid.columns, item: 81).view, cache: cache, into: inputGradient.view,
      BackwardPass(parameters: parameters, gradients: [buffer]))
    return [output.stored().values, inputGradient.values, buffer.values]
  }

  @Test(arguments: [Convolution1D.Padding.zeros, .reflection])
  func `what works along frames takes each line by itself`(padding: Convolution1D.Padding) {
    var layout = EncoderLayout()
    let layer = Convolution1D("c", inputs: 3, outputs: 4, kernel: 5, padding: padding, layout: &layout)
    let lines = Grid(utterances: Self.grid.lines, frames: Self.grid.frames)
    #expect(pass(layer, layout, Self.grid) == pass(layer, layout, lines))
    let long = Grid(utterances: 2, frames: Self.grid.height * Self.grid.frames)
    #expect(pass(layer, layout, Self.grid) != pass(layer, layout, long))
  }

  @Test func `a block's means are over all of an utterance's lines`() {
    var layout = EncoderLayout()
    let layer = ConvolutionBlock(convolution: "c", normalization: "n", inputs: 3, outputs: 4, layout: &layout)
    let parameters = Matrix(rows: 1, columns: layout.parameters.count)
    let statistics = Matrix(rows: 1, columns: layout.statistics.count)
    layout.parameters.initialise(parameters.pointer, seed: 4)
    layout.statistics.initialise(statistics.pointer, seed: 4)
    let input = LayerProbe.normal(3, Self.grid.columns, item: 80)
    let (output, cache) = layer.forward(
      AffineView(input.view), Self.grid, ForwardPass(mode: .training, parameters: parameters, statistics: statistics))
    for row in 0..<4 {
      for utterance in 0..<2 {
        let own = (0..<21).map { output.values.row(row)[utterance * 21 + $0] }
        #expect(abs(cache.means[row, utterance] - own.reduce(0, +) / 21) < 1e-5)
      }
    }
  }
}
