import DistTrain
import TestTools
import Testing

/// Convolutions by patches, and their gradients, against plain sums.
@Suite struct PatchConvolution2DTests {
  struct Shape: Sendable {
    var inputs = 4
    var outputs = 8
    var groups = 4
    let kernel: (height: Int, frames: Int)
    /// The grid of the output.
    let places: Grid

    var grid: Grid {
      Grid(
        utterances: places.utterances, height: places.height * kernel.height, frames: places.frames * kernel.frames)
    }
    var inputsOfGroup: Int { inputs / groups }
    var taps: Int { inputsOfGroup * kernel.height * kernel.frames }
  }

  /// Kernels of each length that is compiled for itself and of others, groups of one and of several channels on either
  /// side, one place, and lines of more places than are computed at a time.
  static let shapes = [
    Shape(kernel: (1, 1), places: Grid(utterances: 3, height: 5, frames: 7)),
    Shape(kernel: (2, 1), places: Grid(utterances: 3, height: 2, frames: 33)),
    Shape(kernel: (1, 2), places: Grid(utterances: 2, height: 3, frames: 9)),
    Shape(kernel: (2, 4), places: Grid(utterances: 3, height: 3, frames: 17)),
    Shape(kernel: (3, 3), places: Grid(utterances: 2, height: 2, frames: 5)),
    Shape(kernel: (1, 8), places: Grid(utterances: 1, height: 1, frames: 1)),
    Shape(outputs: 6, groups: 2, kernel: (2, 2), places: Grid(utterances: 3, height: 2, frames: 6)),
    Shape(inputs: 3, outputs: 1, groups: 1, kernel: (2, 1), places: Grid(utterances: 2, height: 2, frames: 8)),
    Shape(inputs: 1, outputs: 3, groups: 1, kernel: (1, 2), places: Grid(utterances: 3, height: 1, frames: 513)),
    Shape(inputs: 2, outputs: 2, groups: 2, kernel: (2, 4), places: Grid(utterances: 2, height: 2, frames: 1100)),
  ]

  @Test(arguments: shapes) func `a map's output equals plain sums`(shape: Shape) {
    let setup = Setup(shape)
    let output = setup.output(AffineView(setup.input.view))
    #expect(setup.outputGrid == shape.places)
    #expect(relativeDistance(output, setup.plainOutput()) < 1e-6)
  }

  @Test(arguments: shapes) func `both objectives' gradients equal plain sums`(shape: Shape) {
    let setup = Setup(shape)
    let (parameters, input) = setup.gradients(of: AffineView(setup.input.view))
    for objective in 0...1 {
      let expected = setup.plainGradients(objective)
      #expect(relativeDistance(parameters[objective], expected.parameters) < 2e-6)
      #expect(relativeDistance(setup.part(input, objective), expected.input) < 1e-6)
    }
  }

  /// Scaled, shifted and rectified as it is read.
  @Test(arguments: shapes) func `a view is read as its copy is`(shape: Shape) {
    let setup = Setup(shape)
    let coefficients = LayerProbe.normal(2, shape.inputs, item: 92)
    let plain = AffineView(
      setup.input.view, scales: (0..<shape.inputs).map { coefficients[0, $0] },
      shifts: (0..<shape.inputs).map { coefficients[1, $0] })
    for view in [plain, plain.rectified, (plain + AffineView(setup.input.view)).rectified] {
      let copy = AffineView(view.stored().view)
      #expect(setup.output(view) == setup.output(copy))
      #expect(setup.gradients(of: view).parameters == setup.gradients(of: copy).parameters)
    }
  }

  @Test(arguments: shapes) func `the bits don't depend on the number of threads`(shape: Shape) {
    let setup = Setup(shape)
    expectSameBitsOnThreads {
      let view = AffineView(setup.input.view)
      let (parameters, input) = setup.gradients(of: view)
      return [setup.output(view), input.values] + parameters
    }
  }

  /// The units are held as on one rank and as on three.
  @Test(arguments: shapes.filter { $0.places.utterances == 3 })
  func `units' gradients are added in the tree's order, whoever holds them`(shape: Shape) {
    let setup = Setup(shape)
    let view = AffineView(setup.input.view)
    let whole = setup.gradients(of: view, units: BatchUnits(sizes: [1, 1, 1], nodes: [0..<3])).parameters
    let parts = setup.gradients(of: view, units: BatchUnits(sizes: [1, 1, 1], nodes: [0..<2, 2..<3])).parameters
    #expect(parts.count == 4)
    for objective in 0...1 {
      #expect(whole[objective] == zip(parts[2 * objective], parts[2 * objective + 1]).map { $0 + $1 })
      #expect(relativeDistance(whole[objective], setup.plainGradients(objective).parameters) < 2e-6)
    }
  }

  private struct Setup: Sendable {
    let shape: Shape
    let input: Matrix
    private let layer: PatchConvolution2D
    private let gradient: Matrix
    private let parameters: Matrix

    init(_ shape: Shape) {
      self.shape = shape
      var layout = EncoderLayout()
      layer = PatchConvolution2D(
        "c", inputs: shape.inputs, outputs: shape.outputs, groups: shape.groups, kernel: shape.kernel,
        layout: &layout)
      parameters = Matrix(rows: 1, columns: layout.parameters.count)
      layout.parameters.initialise(parameters.pointer, seed: 4)
      input = LayerProbe.normal(shape.inputs, shape.grid.columns, item: 90)
      gradient = LayerProbe.normal(shape.outputs, 2 * shape.places.columns, item: 91)
    }

    var outputGrid: Grid { layer.outputGrid(shape.grid) }
    private var forward: ForwardPass {
      ForwardPass(mode: .training, parameters: parameters, statistics: parameters)
    }

    func output(_ view: AffineView) -> [Float] { layer.forward(view, shape.grid, forward).output.stored().values }

    /// The gradients of weights and biases, for each objective and node, and those of the input.
    func gradients(of view: AffineView, units: BatchUnits = .whole) -> (parameters: [[Float]], input: Matrix) {
      let (_, cache) = layer.forward(view, shape.grid, forward)
      let buffers = (0...1).map { _ in units.nodes.map { _ in Matrix.zeros(rows: 1, columns: parameters.columns) } }
      let result = Matrix(rows: shape.inputs, columns: 2 * shape.grid.columns)
      result.pointer.update(repeating: 1, count: result.count)
      layer.backward(
        gradient.view, cache: cache, into: result.view,
        BackwardPass(parameters: parameters, gradients: buffers, units: units))
      return (buffers.joined().map(\.values), result)
    }

    /// An objective's columns.
    func part(_ matrix: Matrix, _ objective: Int) -> [Float] {
      let columns = matrix.columns / 2
      return (0..<matrix.rows).flatMap { row in (0..<columns).map { matrix[row, objective * columns + $0] } }
    }

    /// Calls `body` with the output and its column, the weight, and the input and its column of every product.
    private func forEachProduct(
      _ body: (_ output: Int, _ to: Int, _ weight: Int, _ channel: Int, _ from: Int) -> Void
    ) {
      let (kernel, places) = (shape.kernel, shape.places)
      for output in 0..<shape.outputs {
        let group = output / (shape.outputs / shape.groups)
        for to in 0..<places.columns {
          let (line, frame) = to.quotientAndRemainder(dividingBy: places.frames)
          for tap in 0..<shape.taps {
            let (row, shift) = tap.quotientAndRemainder(dividingBy: kernel.frames)
            let channel = group * shape.inputsOfGroup + row / kernel.height
            let own = line * kernel.height + row % kernel.height
            let from = own * shape.grid.frames + frame * kernel.frames + shift
            body(output, to, output * shape.taps + tap, channel, from)
          }
        }
      }
    }

    /// The place of the first bias.
    private var biases: Int { shape.outputs * shape.taps }

    func plainOutput() -> [Float] {
      let columns = shape.places.columns
      var sums = (0..<shape.outputs * columns).map { Double(parameters[0, biases + $0 / columns]) }
      forEachProduct { output, to, weight, channel, from in
        sums[output * columns + to] += Double(parameters[0, weight]) * Double(input[channel, from])
      }
      return sums.map { Float($0) }
    }

    func plainGradients(_ objective: Int) -> (parameters: [Float], input: [Float]) {
      let columns = shape.grid.columns
      let first = objective * shape.places.columns
      var own = [Double](repeating: 0, count: parameters.columns)
      var inputs = [Double](repeating: 0, count: shape.inputs * columns)
      for output in 0..<shape.outputs {
        for to in 0..<shape.places.columns { own[biases + output] += Double(gradient[output, first + to]) }
      }
      forEachProduct { output, to, weight, channel, from in
        let slope = Double(gradient[output, first + to])
        own[weight] += slope * Double(input[channel, from])
        inputs[channel * columns + from] += slope * Double(parameters[0, weight])
      }
      return (own.map { Float($0) }, inputs.map { Float($0) })
    }
  }
}
