import DistTrain
import TestTools
import Testing

/// Convolutions over height and time, and their gradients, against plain sums.
@Suite struct Convolution2DTests {
  struct Shape: Sendable {
    var inputs = 3
    var outputs = 4
    var kernel = 3
    /// The frames from one of the kernel's to the next, for a kernel of one line; nil for one of as many lines as
    /// frames.
    var dilation: Int?
    var stride = MapStride()
    /// Whether the kernel has one frame and as many lines as it strides over.
    var isOverLines = false
    let grid: Grid

    var output: Grid { stride.places(on: grid) }
    /// The lines and frames from where the kernel stands to what its elements read.
    var taps: [(line: Int, frame: Int)] {
      if isOverLines { return (0..<stride.height).map { ($0, 0) } }
      let reach = (kernel - 1) / 2
      if let dilation { return (0..<kernel).map { (0, ($0 - reach) * dilation) } }
      return (0..<kernel * kernel).map { ($0 / kernel - reach, $0 % kernel - reach) }
    }
  }

  /// One line, one frame, even and odd sizes under every stride; several slices of channels, several panels of lines,
  /// and lines of several panels. Those of 16 channels and more on either side and without stride are filtered
  /// (Winograd).
  static let shapes = [
    Shape(grid: Grid(utterances: 2, height: 5, frames: 7)), Shape(grid: Grid(utterances: 3, height: 1, frames: 1)),
    Shape(stride: MapStride(height: 2, frames: 2), grid: Grid(utterances: 3, height: 5, frames: 7)),
    Shape(stride: MapStride(height: 2, frames: 2), grid: Grid(utterances: 2, height: 4, frames: 6)),
    Shape(stride: MapStride(height: 2, frames: 2), grid: Grid(utterances: 3, height: 1, frames: 1)),
    Shape(stride: MapStride(height: 2, frames: 1), grid: Grid(utterances: 2, height: 4, frames: 5)),
    Shape(stride: MapStride(height: 1, frames: 2), grid: Grid(utterances: 2, height: 3, frames: 4)),
    Shape(kernel: 1, grid: Grid(utterances: 2, height: 3, frames: 5)),
    Shape(kernel: 1, stride: MapStride(height: 2, frames: 2), grid: Grid(utterances: 3, height: 5, frames: 4)),
    Shape(dilation: 1, grid: Grid(utterances: 2, frames: 9)), Shape(dilation: 2, grid: Grid(utterances: 3, frames: 8)),
    Shape(dilation: 2, grid: Grid(utterances: 2, height: 3, frames: 1)),
    Shape(kernel: 5, dilation: 1, stride: MapStride(frames: 2), grid: Grid(utterances: 3, frames: 11)),
    Shape(kernel: 1, dilation: 1, grid: Grid(utterances: 2, frames: 7)),
    Shape(inputs: 300, outputs: 5, kernel: 1, dilation: 1, grid: Grid(utterances: 3, frames: 201)),
    Shape(inputs: 70, outputs: 9, grid: Grid(utterances: 2, height: 4, frames: 90)),
    Shape(inputs: 40, outputs: 2, grid: Grid(utterances: 1, height: 2, frames: 1100)),
    Shape(
      inputs: 2, outputs: 35, stride: MapStride(height: 2, frames: 2),
      grid: Grid(utterances: 3, height: 6, frames: 1201)),
    Shape(inputs: 16, outputs: 17, grid: Grid(utterances: 3, height: 5, frames: 7)),
    Shape(inputs: 19, outputs: 16, grid: Grid(utterances: 3, height: 2, frames: 42)),
    Shape(inputs: 70, outputs: 16, grid: Grid(utterances: 2, height: 5, frames: 70)),
    Shape(isOverLines: true, grid: Grid(utterances: 2, height: 3, frames: 5)),
    Shape(stride: MapStride(height: 2), isOverLines: true, grid: Grid(utterances: 3, height: 4, frames: 7)),
    Shape(
      inputs: 150, outputs: 40, stride: MapStride(height: 3), isOverLines: true,
      grid: Grid(utterances: 3, height: 6, frames: 300)),
  ]

  /// PyTorch's convolutions of 3 × 3, too, have ⌊(H − 1) / 2⌋ + 1 lines with a stride of 2.
  @Test func `a stride has a place for the last line and frame of an odd number`() {
    for (lines, places) in [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3)] {
      let (high, long) = (Grid(utterances: 2, height: lines, frames: 6), Grid(utterances: 2, height: 6, frames: lines))
      #expect(MapStride(height: 2, frames: 3).places(on: high) == Grid(utterances: 2, height: places, frames: 2))
      #expect(MapStride(height: 3, frames: 2).places(on: long) == Grid(utterances: 2, height: 2, frames: places))
    }
  }

  @Test(arguments: shapes) func `a map's output equals plain sums`(shape: Shape) {
    let setup = Setup(shape)
    let (output, _) = setup.layer.forward(AffineView(setup.input.view), shape.grid, setup.forward)
    #expect(output.stored().columns == shape.output.columns)
    #expect(relativeDistance(output.stored().values, setup.plainOutput()) < 1e-5)
  }

  @Test(arguments: shapes) func `both objectives' gradients equal plain sums, and are added where that is asked`(
    shape: Shape
  ) {
    let setup = Setup(shape)
    let (weights, input) = setup.gradients(adding: false)
    for objective in 0...1 {
      let expected = setup.plainGradients(objective)
      #expect(relativeDistance(weights[objective], expected.weights) < 1e-5)
      #expect(relativeDistance(setup.part(input, objective), expected.input) < 1e-5)
    }
    let added = setup.gradients(adding: true)
    #expect(relativeDistance(added.input.values.map { $0 - 1 }, input.values) < 1e-5)
    #expect(added.weights == weights)
  }

  /// Scaled, shifted and rectified as it is read.
  @Test(arguments: shapes) func `a view is read as its copy is`(shape: Shape) {
    let setup = Setup(shape)
    let coefficients = LayerProbe.normal(2, shape.inputs, item: 92)
    let view = AffineView(
      setup.input.view, scales: (0..<shape.inputs).map { coefficients[0, $0] },
      shifts: (0..<shape.inputs).map { coefficients[1, $0] })
    for view in [view, view.rectified, (view + AffineView(setup.input.view)).rectified] {
      let copy = AffineView(view.stored().view)
      let (own, copied) = (setup.output(view), setup.output(copy))
      #expect(relativeDistance(own.output, copied.output) < 1e-6)
      #expect(relativeDistance(own.weights, copied.weights) < 1e-5)
    }
  }

  @Test(arguments: shapes) func `the bits don't depend on the number of threads`(shape: Shape) {
    let setup = Setup(shape)
    expectSameBitsOnThreads {
      let (weights, input) = setup.gradients(adding: false)
      return [setup.output(AffineView(setup.input.view)).output, input.values] + weights
    }
  }

  @Test func `a product with a view that is cut for threads has one thread's bits`() {
    let setup = Setup(Shape(inputs: 280, outputs: 512, kernel: 1, dilation: 1, grid: Grid(utterances: 1, frames: 500)))
    expectSameBitsOnThreads { [setup.result(AffineView(setup.input.view).rectified)] }
  }

  /// The units are held as on one rank and as on three.
  @Test(arguments: shapes.filter { $0.grid.utterances == 3 })
  func `units' gradients are added in the tree's order, whoever holds them`(shape: Shape) {
    let setup = Setup(shape)
    let whole = setup.gradients(adding: false, units: BatchUnits(sizes: [1, 1, 1], nodes: [0..<3])).weights
    let parts = setup.gradients(adding: false, units: BatchUnits(sizes: [1, 1, 1], nodes: [0..<2, 2..<3])).weights
    #expect(parts.count == 4)
    for objective in 0...1 {
      #expect(whole[objective] == zip(parts[2 * objective], parts[2 * objective + 1]).map { $0 + $1 })
      #expect(relativeDistance(whole[objective], setup.plainGradients(objective).weights) < 1e-5)
    }
  }

  private struct Setup: Sendable {
    let shape: Shape
    let layer: Convolution2D
    let input: Matrix
    let gradient: Matrix
    private let parameters: Matrix

    init(_ shape: Shape) {
      self.shape = shape
      var layout = EncoderLayout()
      if shape.isOverLines {
        layer = Convolution2D(
          overLines: "c", inputs: shape.inputs, outputs: shape.outputs, lines: shape.stride.height, layout: &layout)
      } else if let dilation = shape.dilation {
        layer = Convolution2D(
          overTime: "c", inputs: shape.inputs, outputs: shape.outputs, kernel: shape.kernel, dilation: dilation,
          stride: shape.stride.frames, start: .normal, layout: &layout)
      } else {
        layer = Convolution2D(
          "c", inputs: shape.inputs, outputs: shape.outputs, kernel: shape.kernel, stride: shape.stride,
          layout: &layout)
      }
      parameters = Matrix(rows: 1, columns: layout.parameters.count)
      layout.parameters.initialise(parameters.pointer, seed: 4)
      input = LayerProbe.normal(shape.inputs, shape.grid.columns, item: 90)
      gradient = LayerProbe.normal(shape.outputs, 2 * shape.output.columns, item: 91)
    }

    var forward: ForwardPass { ForwardPass(mode: .training, parameters: parameters, statistics: parameters) }

    /// The gradients of the weights, for each objective and node, and those of the input, added to ones or not.
    func gradients(adding: Bool, units: BatchUnits = .whole) -> (weights: [[Float]], input: Matrix) {
      let (_, cache) = layer.forward(AffineView(input.view), shape.grid, forward)
      let buffers = (0...1).map { _ in units.nodes.map { _ in Matrix.zeros(rows: 1, columns: parameters.columns) } }
      let result = Matrix(rows: shape.inputs, columns: 2 * shape.grid.columns)
      result.pointer.update(repeating: 1, count: result.count)
      layer.backward(
        gradient.view, cache: cache, into: result.view, adding: adding,
        BackwardPass(parameters: parameters, gradients: buffers, units: units))
      return (buffers.joined().map(\.values), result)
    }

    func result(_ view: AffineView) -> [Float] { layer.forward(view, shape.grid, forward).output.stored().values }

    /// The output of a view and the first objective's gradient of the weights.
    func output(_ view: AffineView) -> (output: [Float], weights: [Float]) {
      let (output, cache) = layer.forward(view, shape.grid, forward)
      let buffer = Matrix.zeros(rows: 1, columns: parameters.columns)
      layer.backward(
        gradient.columns(0..<shape.output.columns), cache: cache, into: nil,
        BackwardPass(parameters: parameters, gradients: [buffer]))
      return (output.stored().values, buffer.values)
    }

    /// An objective's columns.
    func part(_ matrix: Matrix, _ objective: Int) -> [Float] {
      let columns = matrix.columns / 2
      return (0..<matrix.rows).flatMap { row in (0..<columns).map { matrix[row, objective * columns + $0] } }
    }

    /// Calls `body` with the indices of the weight, of the input's column and of the output's column of every product.
    private func forEachProduct(_ body: (_ tap: Int, _ inputColumn: Int, _ outputColumn: Int) -> Void) {
      let (grid, output, taps) = (shape.grid, shape.output, shape.taps)
      for column in 0..<output.columns {
        let (line, frame) = column.quotientAndRemainder(dividingBy: output.frames)
        let (utterance, height) = line.quotientAndRemainder(dividingBy: output.height)
        for (index, tap) in taps.enumerated() {
          let h = height * shape.stride.height + tap.line
          let t = frame * shape.stride.frames + tap.frame
          guard (0..<grid.height).contains(h), (0..<grid.frames).contains(t) else { continue }
          body(index, (utterance * grid.height + h) * grid.frames + t, column)
        }
      }
    }

    private func weight(_ output: Int, _ input: Int, _ tap: Int) -> Int {
      (output * shape.inputs + input) * shape.taps.count + tap
    }

    func plainOutput() -> [Float] {
      let columns = shape.output.columns
      var sums = [Double](repeating: 0, count: shape.outputs * columns)
      for output in 0..<shape.outputs {
        for channel in 0..<shape.inputs {
          forEachProduct { tap, from, to in
            sums[output * columns + to] +=
              Double(parameters.pointer[weight(output, channel, tap)]) * Double(input[channel, from])
          }
        }
      }
      return sums.map { Float($0) }
    }

    func plainGradients(_ objective: Int) -> (weights: [Float], input: [Float]) {
      let columns = shape.grid.columns
      var weights = [Double](repeating: 0, count: parameters.columns)
      var inputs = [Double](repeating: 0, count: shape.inputs * columns)
      for output in 0..<shape.outputs {
        for channel in 0..<shape.inputs {
          forEachProduct { tap, from, to in
            let slope = Double(gradient[output, objective * shape.output.columns + to])
            weights[weight(output, channel, tap)] += slope * Double(input[channel, from])
            inputs[channel * columns + from] += slope * Double(parameters.pointer[weight(output, channel, tap)])
          }
        }
      }
      return (weights.map { Float($0) }, inputs.map { Float($0) })
    }
  }
}
