import DistTrain
import TestTools
import Testing

/// Convolutions of groups of channels, and their gradients, against plain sums.
@Suite struct GroupedConvolution2DTests {
  struct Shape: Sendable {
    let inputs: Int
    let outputs: Int
    let groups: Int
  }

  /// One group, several of as many inputs as outputs, of more and of fewer.
  static let shapes = [
    Shape(inputs: 3, outputs: 2, groups: 1), Shape(inputs: 4, outputs: 4, groups: 2),
    Shape(inputs: 6, outputs: 2, groups: 2), Shape(inputs: 2, outputs: 6, groups: 2),
  ]
  static let grids = DepthwiseConvolution2DTests.grids

  @Test(arguments: shapes, grids) func `a map's output equals plain sums`(shape: Shape, grid: Grid) {
    let setup = Setup(shape, grid)
    #expect(relativeDistance(setup.output(AffineView(setup.input.view)), setup.plainOutput()) < 3e-6)
  }

  @Test(arguments: shapes, grids) func `both objectives' gradients equal plain sums, and are added where that is asked`(
    shape: Shape, grid: Grid
  ) {
    let setup = Setup(shape, grid)
    let (parameters, input) = setup.gradients(adding: false)
    for objective in 0...1 {
      let expected = setup.plainGradients(objective)
      #expect(relativeDistance(setup.part(parameters[objective], "c.weight"), expected.weights) < 3e-6)
      #expect(relativeDistance(setup.part(parameters[objective], "c.bias"), expected.biases) < 1e-5)
      #expect(relativeDistance(setup.part(input, objective), expected.input) < 3e-6)
    }
    let added = setup.gradients(adding: true)
    #expect(relativeDistance(added.input.values.map { $0 - 1 }, input.values) < 1e-5)
    #expect(added.parameters == parameters)
  }

  /// The places beyond a map's ends hold 0 and not the shift.
  @Test(arguments: shapes, grids) func `a view is read as its copy is`(shape: Shape, grid: Grid) {
    let setup = Setup(shape, grid)
    let coefficients = LayerProbe.normal(2, shape.inputs, item: 92)
    let view = AffineView(
      setup.input.view, scales: (0..<shape.inputs).map { coefficients[0, $0] },
      shifts: (0..<shape.inputs).map { coefficients[1, $0] })
    #expect(setup.output(view) == setup.output(AffineView(view.stored().view)))
  }

  @Test(arguments: shapes) func `the bits don't depend on the number of threads`(shape: Shape) {
    let setup = Setup(shape, Grid(utterances: 3, height: 4, frames: 33))
    expectSameBitsOnThreads {
      let (parameters, input) = setup.gradients(adding: false)
      return [setup.output(AffineView(setup.input.view)), input.values] + parameters
    }
  }

  /// The units are held as on one rank and as on three.
  @Test(arguments: shapes) func `units' gradients are added in the tree's order, whoever holds them`(shape: Shape) {
    let setup = Setup(shape, Grid(utterances: 3, height: 4, frames: 33))
    let whole = setup.gradients(adding: false, units: BatchUnits(sizes: [1, 1, 1], nodes: [0..<3])).parameters
    let parts = setup.gradients(adding: false, units: BatchUnits(sizes: [1, 1, 1], nodes: [0..<2, 2..<3])).parameters
    #expect(parts.count == 4)
    for objective in 0...1 {
      #expect(whole[objective] == zip(parts[2 * objective], parts[2 * objective + 1]).map { $0 + $1 })
      let expected = setup.plainGradients(objective).weights
      #expect(relativeDistance(setup.part(whole[objective], "c.weight"), expected) < 3e-6)
    }
  }

  /// PyTorch's default, of nine inputs for each channel of a group.
  @Test func `weights and biases start within one over the root of their inputs`() {
    var layout = EncoderLayout()
    _ = GroupedConvolution2D("c", inputs: 8, outputs: 4, groups: 2, layout: &layout)
    let parameters = layout.parameters.parameters
    #expect(parameters.map(\.name) == ["c.weight", "c.bias"])
    #expect(parameters.map(\.shape) == [[4, 4, 3, 3], [4]] && parameters.map(\.decays) == [true, false])
    #expect(parameters.allSatisfy { $0.initialisation == .uniform(bound: 1 / 6) })
  }

  private struct Setup: Sendable {
    let shape: Shape
    let grid: Grid
    let input: Matrix
    private let layout: EncoderLayout
    private let layer: GroupedConvolution2D
    private let gradient: Matrix
    private let parameters: Matrix

    init(_ shape: Shape, _ grid: Grid) {
      self.shape = shape
      self.grid = grid
      var layout = EncoderLayout()
      layer = GroupedConvolution2D(
        "c", inputs: shape.inputs, outputs: shape.outputs, groups: shape.groups, layout: &layout)
      self.layout = layout
      parameters = Matrix(rows: 1, columns: layout.parameters.count)
      layout.parameters.initialise(parameters.pointer, seed: 4)
      input = LayerProbe.normal(shape.inputs, grid.columns, item: 90)
      gradient = LayerProbe.normal(shape.outputs, 2 * grid.columns, item: 91)
    }

    private var forward: ForwardPass {
      ForwardPass(mode: .training, parameters: parameters, statistics: parameters)
    }

    func output(_ view: AffineView) -> [Float] { layer.forward(view, grid, forward).output.stored().values }

    /// The gradients of the parameters, for each objective and node, and those of the input, added to ones or not.
    func gradients(adding: Bool, units: BatchUnits = .whole) -> (parameters: [[Float]], input: Matrix) {
      let (_, cache) = layer.forward(AffineView(input.view), grid, forward)
      let buffers = (0...1).map { _ in units.nodes.map { _ in Matrix.zeros(rows: 1, columns: parameters.columns) } }
      let result = Matrix(rows: shape.inputs, columns: 2 * grid.columns)
      result.pointer.update(repeating: 1, count: result.count)
      layer.backward(
        gradient.view, cache: cache, into: result.view, adding: adding,
        BackwardPass(parameters: parameters, gradients: buffers, units: units))
      return (buffers.joined().map(\.values), result)
    }

    /// A parameter's elements of a flat buffer.
    func part(_ buffer: [Float], _ name: String) -> [Float] {
      layout.parameters.parameters.filter { $0.name == name }.flatMap { Array(buffer[$0.range]) }
    }

    /// An objective's columns.
    func part(_ matrix: Matrix, _ objective: Int) -> [Float] {
      (0..<matrix.rows).flatMap { row in (0..<grid.columns).map { matrix[row, objective * grid.columns + $0] } }
    }

    /// Calls `body` with the weight, the input and its column, and the output and its column of every product.
    private func forEachProduct(
      _ body: (_ weight: Int, _ input: (channel: Int, column: Int), _ output: (channel: Int, column: Int)) -> Void
    ) {
      let (inputs, outputs) = (shape.inputs / shape.groups, shape.outputs / shape.groups)
      for output in 0..<shape.outputs {
        for index in 0..<inputs {
          grid.forEachTap { tap, from, to in
            body((output * inputs + index) * 9 + tap, (output / outputs * inputs + index, from), (output, to))
          }
        }
      }
    }

    func plainOutput() -> [Float] {
      let biases = part(parameters.values, "c.bias")
      var sums = (0..<shape.outputs * grid.columns).map { Double(biases[$0 / grid.columns]) }
      forEachProduct { weight, from, to in
        sums[to.channel * grid.columns + to.column] +=
          Double(parameters.pointer[weight]) * Double(input[from.channel, from.column])
      }
      return sums.map { Float($0) }
    }

    func plainGradients(_ objective: Int) -> (weights: [Float], biases: [Float], input: [Float]) {
      let columns = grid.columns
      var weights = [Double](repeating: 0, count: parameters.columns - shape.outputs)
      var inputs = [Double](repeating: 0, count: shape.inputs * columns)
      forEachProduct { weight, from, to in
        let slope = Double(gradient[to.channel, objective * columns + to.column])
        weights[weight] += slope * Double(input[from.channel, from.column])
        inputs[from.channel * columns + from.column] += slope * Double(parameters.pointer[weight])
      }
      let biases = (0..<shape.outputs).map { output in
        (0..<columns).reduce(0.0) { $0 + Double(gradient[output, objective * columns + $1]) }
      }
      return (weights.map { Float($0) }, biases.map { Float($0) }, inputs.map { Float($0) })
    }
  }
}
