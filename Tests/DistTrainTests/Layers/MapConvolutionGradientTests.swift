import DistTrain
import Testing

/// Convolutions over height and time against central differences (`LayerProbe`).
@Suite struct MapConvolutionGradientTests {
  @Test(arguments: [(1, 1, 1), (3, 1, 1), (1, 2, 2), (3, 2, 2), (3, 2, 1)], LayerProbe.maps)
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

  @Test(arguments: LayerProbe.maps) func `a convolution of single channels`(grid: Grid) {
    var layout = EncoderLayout()
    let layer = DepthwiseConvolution2D("c", channels: 3, layout: &layout)
    LayerProbe(layer, layout, grid, input: LayerProbe.normal(3, grid.columns, item: 3)).check(.training, within: 1e-3)
  }

  @Test(arguments: LayerProbe.maps, [(4, 1), (4, 2), (2, 2)])
  func `a convolution of groups of channels`(grid: Grid, shape: (outputs: Int, groups: Int)) {
    var layout = EncoderLayout()
    let layer = GroupedConvolution2D("c", inputs: 4, outputs: shape.outputs, groups: shape.groups, layout: &layout)
    LayerProbe(layer, layout, grid, input: LayerProbe.normal(4, grid.columns, item: 3)).check(.training, within: 1e-3)
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
}
