import DistTrain
import TestTools
import Testing

/// Convolutions by Winograd's minimal filtering against plain sums in double precision. `Convolution2DTests` has them
/// as parts of a layer.
@Suite struct MinimalFilteringTests {
  struct Shape: Sendable {
    let inputs: Int
    let outputs: Int
    let grid: Grid
  }

  /// Maps of less than a tile, of tiles that reach beyond the ends, and of several panels that end within lines;
  /// channels that are a multiple of nothing.
  static let shapes: [Shape] =
    (1...5).flatMap { height in
      (1...9).map { Shape(inputs: 3, outputs: 5, grid: Grid(utterances: 2, height: height, frames: $0)) }
    } + [
      Shape(inputs: 1, outputs: 1, grid: Grid(utterances: 1, height: 4, frames: 4)),
      // More units than there are pieces of work for threads.
      Shape(inputs: 3, outputs: 2, grid: Grid(utterances: 20, height: 2, frames: 5)),
      Shape(inputs: 17, outputs: 9, grid: Grid(utterances: 3, height: 5, frames: 9)),
      Shape(inputs: 16, outputs: 33, grid: Grid(utterances: 2, height: 4, frames: 50)),
      Shape(inputs: 7, outputs: 4, grid: Grid(utterances: 4, height: 5, frames: 171)),
    ]

  /// In single precision plain sums are 2e-7 to 3e-7 away, and minimal filtering up to 1.2e-6.
  private static let bound = 2e-6

  @Test(arguments: shapes) func `a map's output equals plain sums, and is added where that is asked`(shape: Shape) {
    let setup = Setup(shape)
    let output = Matrix(rows: shape.outputs, columns: shape.grid.columns)
    let products = WinogradProducts(setup.weights.view)
    products.write(AffineView(setup.input.view), shape.grid, to: output.view)
    #expect(relativeDistance(output.values, setup.plainOutput()) < Self.bound)
    let added = Matrix(rows: shape.outputs, columns: shape.grid.columns)
    added.pointer.update(repeating: 1, count: added.count)
    products.write(AffineView(setup.input.view), shape.grid, to: added.view, adding: true)
    #expect(added.values == output.values.map { 1 + $0 })
  }

  @Test(arguments: shapes) func `a sum that is written at once has the bits of one that is made later`(shape: Shape) {
    let setup = Setup(shape)
    let products = WinogradProducts(setup.weights.view)
    let other = AffineView(LayerProbe.normal(shape.outputs, shape.grid.columns, item: 96).view)
    let factors = (0..<shape.outputs).map { Float($0 % 3) - 1.25 }
    func own(of memory: Matrix) -> AffineView { AffineView(memory.view, scales: factors, shifts: factors.reversed()) }
    for isSum in [false, true] {
      func view(of memory: Matrix) -> AffineView { (isSum ? own(of: memory) + other : own(of: memory)).rectified }
      let (later, result) = (
        Matrix(rows: shape.outputs, columns: shape.grid.columns),
        Matrix(rows: shape.outputs, columns: shape.grid.columns)
      )
      products.write(AffineView(setup.input.view), shape.grid, to: later.view)
      products.write(AffineView(setup.input.view), shape.grid, to: result.view, finishing: view(of: result))
      #expect(result.values == view(of: later).stored().values)
    }
  }

  @Test(arguments: shapes) func `the input's gradient equals plain sums`(shape: Shape) {
    let setup = Setup(shape)
    let result = Matrix(rows: shape.inputs, columns: shape.grid.columns)
    let gradient = setup.gradient.columns(0..<shape.grid.columns)
    WinogradProducts(turning: setup.weights.view).write(AffineView(gradient), shape.grid, to: result.view)
    #expect(relativeDistance(result.values, setup.plainInputGradient()) < Self.bound)
  }

  @Test(arguments: shapes) func `both objectives' gradients of the weights equal plain sums`(shape: Shape) {
    let setup = Setup(shape)
    for objective in 0...1 {
      let own = setup.weightGradient(objective, units: [0..<shape.grid.utterances], nodes: [0..<1])
      #expect(relativeDistance(own[0], setup.plainWeightGradient(objective)) < Self.bound)
    }
  }

  @Test(arguments: shapes.filter { $0.grid.utterances > 1 })
  func `units' gradients are added in the tree's order, whoever holds them`(shape: Shape) {
    let setup = Setup(shape)
    let units = (0..<shape.grid.utterances).map { $0..<$0 + 1 }
    let whole = setup.weightGradient(1, units: units, nodes: [0..<units.count])
    let (left, right) = SumTree.halves(of: 0..<units.count)
    let parts = setup.weightGradient(1, units: units, nodes: [left, right])
    #expect(parts.count == 2 && whole[0] == zip(parts[0], parts[1]).map { $0 + $1 })
    #expect(relativeDistance(whole[0], setup.plainWeightGradient(1)) < Self.bound)
  }

  /// Wherever an output's tile lies in a panel, it has the bits that it has without the utterances before it.
  @Test(arguments: shapes.filter { $0.grid.utterances > 1 })
  func `an utterance's output does not depend on those before it`(shape: Shape) {
    let setup = Setup(shape)
    let products = WinogradProducts(setup.weights.view)
    let output = Matrix(rows: shape.outputs, columns: shape.grid.columns)
    products.write(AffineView(setup.input.view), shape.grid, to: output.view)
    let one = Grid(utterances: 1, height: shape.grid.height, frames: shape.grid.frames)
    let last = shape.grid.columns - one.columns..<shape.grid.columns
    let alone = Matrix(rows: shape.outputs, columns: one.columns)
    products.write(AffineView(setup.input.columns(last)), one, to: alone.view)
    #expect(alone.values == (0..<shape.outputs).flatMap { row in last.map { output[row, $0] } })
  }

  /// A convolution that strides over lines is not filtered, and has every other line of one that does not.
  @Test(arguments: [16, 64, 256]) func `rounding is at most eight times that of products with windows`(channels: Int) {
    let grid = Grid(utterances: 1, height: 6, frames: 20)
    let setup = Setup(Shape(inputs: channels, outputs: 16, grid: grid))
    let output = Matrix(rows: 16, columns: grid.columns)
    WinogradProducts(setup.weights.view).write(AffineView(setup.input.view), grid, to: output.view)
    var layout = EncoderLayout()
    let layer = Convolution2D(
      "c", inputs: channels, outputs: 16, kernel: 3, stride: MapStride(height: 2), layout: &layout)
    let parameters = Matrix(rows: 1, columns: setup.weights.count, setup.weights.values)
    let pass = ForwardPass(mode: .training, parameters: parameters, statistics: parameters)
    let strided = layer.forward(AffineView(setup.input.view), grid, pass).output.stored()
    let expected = Matrix(rows: 16, columns: grid.columns, setup.plainOutput())
    func everyOtherLine(_ matrix: Matrix) -> [Float] {
      (0..<16).flatMap { row in
        (0..<grid.columns).filter { $0 / grid.frames % 2 == 0 }.map { matrix[row, $0] }
      }
    }
    let exact = everyOtherLine(expected)
    #expect(relativeDistance(everyOtherLine(output), exact) < 8 * relativeDistance(strided.values, exact))
  }

  private struct Setup: Sendable {
    let shape: Shape
    let input: Matrix
    /// outputs × (inputs · 9).
    let weights: Matrix
    /// The gradient of two objectives.
    let gradient: Matrix

    init(_ shape: Shape) {
      self.shape = shape
      input = LayerProbe.normal(shape.inputs, shape.grid.columns, item: 93)
      weights = LayerProbe.normal(shape.outputs, 9 * shape.inputs, item: 94)
      gradient = LayerProbe.normal(shape.outputs, 2 * shape.grid.columns, item: 95)
    }

    /// An objective's gradient of the weights, for each node.
    func weightGradient(_ objective: Int, units: [Range<Int>], nodes: [Range<Int>]) -> [[Float]] {
      let products = WinogradGradient(
        gradient: gradient.view, input: AffineView(input.view), shape.grid, objectives: 2, units: units)
      let results = nodes.map { _ in Matrix.zeros(rows: shape.outputs, columns: 9 * shape.inputs) }
      products.sums(of: nodes).add(objective: objective, to: results.map(\.view))
      return results.map(\.values)
    }

    func plainOutput() -> [Float] {
      let columns = shape.grid.columns
      var sums = [Double](repeating: 0, count: shape.outputs * columns)
      for output in 0..<shape.outputs {
        for channel in 0..<shape.inputs {
          shape.grid.forEachTap { tap, from, to in
            sums[output * columns + to] += Double(weights[output, 9 * channel + tap]) * Double(input[channel, from])
          }
        }
      }
      return sums.map { Float($0) }
    }

    /// The input's gradient of the first objective, by plain sums.
    func plainInputGradient() -> [Float] {
      let columns = shape.grid.columns
      var sums = [Double](repeating: 0, count: shape.inputs * columns)
      for output in 0..<shape.outputs {
        for channel in 0..<shape.inputs {
          shape.grid.forEachTap { tap, from, to in
            sums[channel * columns + from] +=
              Double(weights[output, 9 * channel + tap]) * Double(gradient[output, to])
          }
        }
      }
      return sums.map { Float($0) }
    }

    func plainWeightGradient(_ objective: Int) -> [Float] {
      var sums = [Double](repeating: 0, count: weights.count)
      for output in 0..<shape.outputs {
        for channel in 0..<shape.inputs {
          shape.grid.forEachTap { tap, from, to in
            sums[(output * shape.inputs + channel) * 9 + tap] +=
              Double(gradient[output, objective * shape.grid.columns + to]) * Double(input[channel, from])
          }
        }
      }
      return sums.map { Float($0) }
    }
  }
}
