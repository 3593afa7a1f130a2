import DistTrain
import TestTools
import Testing

/// Convolutions of single channels, and their gradients, against plain sums.
@Suite struct DepthwiseConvolution2DTests {
  /// One line, one frame, one of both, less and more than the lanes of a vector, and lines longer than what is computed
  /// at a time, by one frame among others.
  static let grids = [
    Grid(utterances: 2, height: 5, frames: 7), Grid(utterances: 3, height: 1, frames: 1),
    Grid(utterances: 3, height: 4, frames: 33), Grid(utterances: 3, height: 1, frames: 16),
    Grid(utterances: 2, height: 6, frames: 1), Grid(utterances: 3, height: 3, frames: 1025),
    Grid(utterances: 1, height: 2, frames: 2049),
  ]

  @Test(arguments: grids) func `a map's output equals plain sums`(grid: Grid) {
    let setup = Setup(grid)
    #expect(relativeDistance(setup.output(AffineView(setup.input.view)).output, setup.plainOutput()) < 1e-6)
  }

  @Test(arguments: grids) func `both objectives' gradients equal plain sums`(grid: Grid) {
    let setup = Setup(grid)
    let (weights, input) = setup.gradients()
    for objective in 0...1 {
      let expected = setup.plainGradients(objective)
      #expect(relativeDistance(weights[objective], expected.weights) < 2e-6)
      #expect(relativeDistance(setup.part(input, objective), expected.input) < 1e-6)
    }
  }

  @Test(arguments: grids) func `a residual's gradient is added, whether in its own memory or not`(grid: Grid) {
    let setup = Setup(grid)
    let (weights, input) = setup.gradients()
    let residual = LayerProbe.normal(setup.channels, 2 * grid.columns, item: 96)
    let expected = zip(input.values, residual.values).map { $0 + $1 }
    let apart = setup.gradients(adding: residual)
    #expect(apart.input.values == expected && apart.weights == weights)
    let same = setup.gradients(adding: residual, inPlace: true)
    #expect(same.input.values == expected && same.weights == weights)
  }

  /// Scaled, shifted and rectified as it is read: what lies beyond a map's ends is 0 and not the shift.
  @Test(arguments: grids) func `a view is read as its copy is`(grid: Grid) {
    let setup = Setup(grid)
    let plain = AffineView(setup.input.view, scales: [0.5, -1.5, 2], shifts: [1, -0.5, 3])
    for view in [plain, plain.rectified, (plain + AffineView(setup.input.view)).rectified] {
      let copy = AffineView(view.stored().view)
      let (own, copied) = (setup.output(view), setup.output(copy))
      #expect(own.output == copied.output)
      #expect(own.weights == copied.weights)
    }
  }

  @Test(arguments: grids) func `the bits don't depend on the number of threads`(grid: Grid) {
    let setup = Setup(grid)
    expectSameBitsOnThreads {
      let (weights, input) = setup.gradients()
      return [setup.output(AffineView(setup.input.view)).output, input.values] + weights
    }
  }

  /// The units are held as on one rank and as on three.
  @Test(arguments: grids.filter { $0.utterances == 3 })
  func `units' gradients are added in the tree's order, whoever holds them`(grid: Grid) {
    let setup = Setup(grid)
    let whole = setup.gradients(units: BatchUnits(sizes: [1, 1, 1], nodes: [0..<3])).weights
    let parts = setup.gradients(units: BatchUnits(sizes: [1, 1, 1], nodes: [0..<2, 2..<3])).weights
    #expect(parts.count == 4)
    for objective in 0...1 {
      #expect(whole[objective] == zip(parts[2 * objective], parts[2 * objective + 1]).map { $0 + $1 })
      #expect(relativeDistance(whole[objective], setup.plainGradients(objective).weights) < 2e-6)
    }
  }

  /// PyTorch's default, of nine inputs however many channels there are.
  @Test func `weights start within a third`() {
    var layout = EncoderLayout()
    _ = DepthwiseConvolution2D("c", channels: 20, layout: &layout)
    let values = Matrix(rows: 1, columns: layout.parameters.count)
    layout.parameters.initialise(values.pointer, seed: 3)
    let largest = values.values.map(abs).max() ?? 0
    #expect(layout.parameters.parameters.map(\.shape) == [[20, 1, 3, 3]] && largest > 0.3 && largest <= 1.0 / 3)
  }

  private struct Setup: Sendable {
    let channels = 3
    let grid: Grid
    let input: Matrix
    private let layer: DepthwiseConvolution2D
    private let gradient: Matrix
    private let parameters: Matrix

    init(_ grid: Grid) {
      self.grid = grid
      var layout = EncoderLayout()
      layer = DepthwiseConvolution2D("c", channels: channels, layout: &layout)
      parameters = Matrix(rows: 1, columns: layout.parameters.count)
      layout.parameters.initialise(parameters.pointer, seed: 4)
      input = LayerProbe.normal(channels, grid.columns, item: 90)
      gradient = LayerProbe.normal(channels, 2 * grid.columns, item: 91)
    }

    private var forward: ForwardPass {
      ForwardPass(mode: .training, parameters: parameters, statistics: parameters)
    }

    /// The gradients of the weights, for each objective and node, and those of the input.
    func gradients(
      adding residual: Matrix? = nil, inPlace: Bool = false, units: BatchUnits = .whole
    ) -> (weights: [[Float]], input: Matrix) {
      let memory = Matrix(rows: channels, columns: grid.columns)
      let (_, cache) = layer.forward(AffineView(input.view), grid, into: memory.view, forward)
      let buffers = (0...1).map { _ in units.nodes.map { _ in Matrix.zeros(rows: 1, columns: parameters.columns) } }
      let pass = BackwardPass(parameters: parameters, gradients: buffers, units: units)
      let result = Matrix(rows: channels, columns: 2 * grid.columns, residual?.values ?? gradient.values)
      let added = inPlace ? result.view : residual?.view
      layer.backward(gradient.view, cache: cache, into: result.view, adding: added, pass)
      return (buffers.joined().map(\.values), result)
    }

    /// The output of a view and the first objective's gradient of the weights.
    func output(_ view: AffineView) -> (output: [Float], weights: [Float]) {
      let (output, cache) = layer.forward(view, grid, forward)
      let buffer = Matrix.zeros(rows: 1, columns: parameters.columns)
      layer.backward(
        gradient.columns(0..<grid.columns), cache: cache, into: nil,
        BackwardPass(parameters: parameters, gradients: [buffer]))
      return (output.stored().values, buffer.values)
    }

    /// An objective's columns.
    func part(_ matrix: Matrix, _ objective: Int) -> [Float] {
      (0..<channels).flatMap { row in (0..<grid.columns).map { matrix[row, objective * grid.columns + $0] } }
    }

    func plainOutput() -> [Float] {
      let columns = grid.columns
      var sums = [Double](repeating: 0, count: channels * columns)
      for channel in 0..<channels {
        grid.forEachTap { tap, from, to in
          sums[channel * columns + to] += Double(parameters[0, 9 * channel + tap]) * Double(input[channel, from])
        }
      }
      return sums.map { Float($0) }
    }

    func plainGradients(_ objective: Int) -> (weights: [Float], input: [Float]) {
      let columns = grid.columns
      var weights = [Double](repeating: 0, count: parameters.columns)
      var inputs = [Double](repeating: 0, count: channels * columns)
      for channel in 0..<channels {
        grid.forEachTap { tap, from, to in
          let slope = Double(gradient[channel, objective * columns + to])
          weights[9 * channel + tap] += slope * Double(input[channel, from])
          inputs[channel * columns + from] += slope * Double(parameters[0, 9 * channel + tap])
        }
      }
      return (weights.map { Float($0) }, inputs.map { Float($0) })
    }
  }
}
