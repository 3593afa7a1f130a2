import DistTrain
import TestTools
import Testing

/// CAM++'s dense block and its parts.
@Suite struct DenseBlockTests {
  /// Contexts are pieces of three frames: whole ones, one of one frame, one alone.
  @Test(arguments: LayerProbe.shapes) func `the gradient of contexts equals central differences`(
    shape: LayerProbe.Shape
  ) {
    let layer = ContextPooling(channels: 3, length: 3)
    LayerProbe(layer, EncoderLayout(), shape.grid, input: LayerProbe.normal(3, shape.grid.columns, item: 3))
      .check(.training, within: 1e-3)
  }

  @Test func `a frame's context is the mean of all frames and that of its piece, whose length is its own`() {
    let layer = ContextPooling(channels: 1, length: 2)
    let grid = Grid(utterances: 2, frames: 3)
    let input = Matrix(rows: 1, columns: 6, [1, 3, 8, 0, 6, 3])
    let empty = Matrix(rows: 1, columns: 0)
    let (output, _) = layer.forward(
      AffineView(input.view), grid, ForwardPass(mode: .training, parameters: empty, statistics: empty))
    #expect(layer.outputGrid(grid) == Grid(utterances: 2, frames: 2))
    let expected: [Float] = [4 + 2, 4 + 8, 3 + 3, 3 + 3]
    #expect(output.stored().values == expected)
  }

  @Test func `the context of a view is that of its copy`() {
    let layer = ContextPooling(channels: 3, length: 4)
    let grid = Grid(utterances: 2, frames: 11)
    let view = AffineView(
      LayerProbe.normal(3, grid.columns, item: 5).view, scales: [1, -0.5, 2], shifts: [0.25, 1, -0.5])
    let empty = Matrix(rows: 1, columns: 0)
    let pass = ForwardPass(mode: .training, parameters: empty, statistics: empty)
    for view in [view, view.rectified] {
      let (own, _) = layer.forward(view, grid, pass)
      let (copied, _) = layer.forward(AffineView(view.stored().view), grid, pass)
      #expect(relativeDistance(own.stored().values, copied.stored().values) < 1e-6)
    }
  }

  @Test(arguments: LayerProbe.shapes, [1, 2]) func `the gradient of masked convolutions equals central differences`(
    shape: LayerProbe.Shape, dilation: Int
  ) {
    var layout = EncoderLayout()
    let layer = ContextMask("m", inputs: 4, outputs: 3, dilation: dilation, piece: 3, layout: &layout)
    LayerProbe(layer, layout, shape.grid, input: LayerProbe.normal(4, shape.grid.columns, item: 3), lift: 2)
      .check(.training, step: 0.002, within: 1e-2, floor: 1e-3)
  }

  /// Few channels, and several blocks of them.
  @Test(arguments: LayerProbe.shapes, [3, 100]) func `the gradient of a dense block equals central differences`(
    shape: LayerProbe.Shape, inputs: Int
  ) {
    for mode in shape.modes {
      var layout = EncoderLayout()
      let block = DenseBlock(
        "b", transition: "t", layers: 2, inputs: inputs, growth: 2, bottleneck: 4, dilation: 2, layout: &layout)
      let input = LayerProbe.normal(inputs, shape.grid.columns, item: 3)
      LayerProbe(layout, input: input, lift: 3) { input, pass in
        let (output, cache) = run(block, input, shape.grid, pass)
        return (output, { gradient, pass in back(block, gradient, cache, pass) })
      }.check(mode, step: 0.004, within: 5e-2, floor: 4e-3)
    }
  }

  /// Under running statistics, with which utterances don't see each other. There are several blocks of channels and of
  /// columns, and the last piece of an utterance has one frame.
  @Test func `a large block's gradients are the sums of its utterances'`() {
    let (utterances, frames) = (8, 401)
    var layout = EncoderLayout()
    let block = DenseBlock(
      "b", transition: "t", layers: 2, inputs: 100, growth: 6, bottleneck: 8, dilation: 2, layout: &layout)
    let state = State(layout)
    let input = LayerProbe.normal(100, utterances * frames, item: 50)
    let gradient = LayerProbe.normal(block.outputs, utterances * frames, item: 51)
    let whole = state.gradients(block, input, gradient, Grid(utterances: utterances, frames: frames))
    var sums = [Float](repeating: 0, count: layout.parameters.count)
    for utterance in 0..<utterances {
      let columns = utterance * frames..<(utterance + 1) * frames
      let own = state.gradients(
        block, part(input, columns), part(gradient, columns), Grid(utterances: 1, frames: frames))
      sums = zip(sums, own.parameters).map { $0 + $1 }
      #expect(relativeDistance(own.input.values, part(whole.input, columns).values) < 1e-5)
    }
    for parameter in layout.parameters.parameters {
      let distance = relativeDistance(Array(whole.parameters[parameter.range]), Array(sums[parameter.range]))
      #expect(distance < 1e-4, "\(parameter.name)")
    }
  }

  /// One of its first channels, one of each layer's new ones, and one of each layer's bottleneck, each way.
  @Test func `sums over ranks are two for each layer and one for the input, however many channels a layer reads`() {
    var layout = EncoderLayout()
    let block = DenseBlock(
      "b", transition: "t", layers: 3, inputs: 5, growth: 2, bottleneck: 4, dilation: 1, layout: &layout)
    let state = State(layout)
    let grid = Grid(utterances: 2, frames: 9)
    var forward: [Int] = []
    let (output, cache) = run(
      block, LayerProbe.normal(5, 18, item: 52), grid,
      ForwardPass(
        mode: .training, parameters: state.parameters, statistics: state.statistics,
        combine: { values, width in
          forward.append(width)
          return BatchUnits.whole.total(values, width: width)
        }))
    #expect(forward == [11, 9, 5, 9, 5, 9, 5])
    var backward: [Int] = []
    let buffer = Matrix.zeros(rows: 1, columns: layout.parameters.count)
    let pass = BackwardPass(
      parameters: state.parameters, gradients: [[buffer]], units: .whole,
      combine: { values, width in
        backward.append(width)
        return BatchUnits.whole.total(values, width: width)
      })
    _ = back(block, LayerProbe.normal(output.rows, 18, item: 53), cache, pass)
    #expect(backward == [4, 8, 4, 8, 4, 8, 10])
  }

  @Test func `normalisations of the same channels see the same statistics, each with running ones of its own`() {
    var layout = EncoderLayout()
    let block = DenseBlock(
      "b", transition: "t", layers: 2, inputs: 3, growth: 2, bottleneck: 4, dilation: 1, layout: &layout)
    let state = State(layout)
    let own = layout.statistics.parameters.filter { $0.name.contains("nonlinear1") || $0.name.hasPrefix("t.") }
    for (index, statistic) in own.enumerated() {
      for element in statistic.range { state.statistics.pointer[element] = Float(index) }
    }
    _ = run(
      block, LayerProbe.normal(3, 18, item: 54), Grid(utterances: 2, frames: 9),
      ForwardPass(mode: .training, parameters: state.parameters, statistics: state.statistics))
    // What the batch added to the first three channels' means, and variances, is the same for all three normalisations.
    for kind in 0...1 {
      let added = [0, 2, 4].map { place in
        own[place + kind].range.prefix(3).map { state.statistics.pointer[$0] - 0.9 * Float(place + kind) }
      }
      for other in added.dropFirst() { #expect(zip(added[0], other).allSatisfy { abs($0 - $1) < 1e-5 }) }
      #expect(added[0].allSatisfy { $0 != 0 })
    }
  }

  private func part(_ matrix: Matrix, _ columns: Range<Int>) -> Matrix {
    Matrix(
      rows: matrix.rows, columns: columns.count,
      (0..<matrix.rows).flatMap { row in columns.map { matrix[row, $0] } })
  }
}

/// A block's output, and the cache of its way back.
private func run(
  _ block: DenseBlock, _ input: Matrix, _ grid: Grid, _ pass: ForwardPass
) -> (output: Matrix, cache: DenseBlock.Cache?) {
  let features = Matrix(rows: block.channels, columns: input.columns)
  for row in 0..<input.rows { features.row(row).update(from: input.row(row), count: input.columns) }
  let output = Matrix(rows: block.outputs, columns: input.columns)
  return (output, block.forward(features.view, grid, into: output.view, pass))
}

/// The gradient of a block's input.
private func back(_ block: DenseBlock, _ gradient: Matrix, _ cache: DenseBlock.Cache?, _ pass: BackwardPass) -> Matrix {
  guard let cache else { preconditionFailure("the pass kept its caches") }
  let used = Matrix(rows: gradient.rows, columns: gradient.columns, gradient.values)
  return AffineView(block.backward(used.view, cache: cache, pass)).stored()
}

/// Parameters and running statistics as a layer starts.
private struct State {
  let parameters: Matrix
  let statistics: Matrix

  init(_ layout: EncoderLayout) {
    parameters = Matrix(rows: 1, columns: layout.parameters.count)
    statistics = Matrix(rows: 1, columns: layout.statistics.count)
    layout.parameters.initialise(parameters.pointer, seed: 4)
    layout.statistics.initialise(statistics.pointer, seed: 4)
  }

  /// The gradients of the parameters and of the input under running statistics.
  func gradients(
    _ block: DenseBlock, _ input: Matrix, _ gradient: Matrix, _ grid: Grid
  ) -> (parameters: [Float], input: Matrix) {
    let (_, cache) = run(
      block, input, grid, ForwardPass(mode: .inference, parameters: parameters, statistics: statistics))
    let buffer = Matrix.zeros(rows: 1, columns: parameters.columns)
    let inputGradient = back(
      block, gradient, cache, BackwardPass(parameters: parameters, gradients: [buffer]))
    return (buffer.values, inputGradient)
  }
}
