import DistTrain
import TestTools
import Testing

/// A layer that reads a view in work of its own gives what it gives for the view written out.
@Suite struct AffineViewTests {
  /// The second is gathered in blocks of three utterances, and the last's gradient of the weights is made in two
  /// pieces.
  private static let shapes = [
    (channels: 4, utterances: 3, frames: 11), (channels: 40, utterances: 8, frames: 401),
    (channels: 520, utterances: 3, frames: 11),
  ]

  private static func view(_ channels: Int, _ columns: Int, item: Int) -> AffineView {
    let coefficients = LayerProbe.normal(2, channels, item: item + 1)
    return AffineView(
      LayerProbe.normal(channels, columns, item: item).view, scales: (0..<channels).map { coefficients[0, $0] + 2 },
      shifts: (0..<channels).map { coefficients[1, $0] })
  }

  /// A view that is scaled and shifted, and sums of two.
  private static func views(_ channels: Int, _ columns: Int) -> [AffineView] {
    let plain = AffineView(LayerProbe.normal(channels, columns, item: 60).view)
    let (first, second) = (view(channels, columns, item: 61), view(channels, columns, item: 63))
    return [first, first + second, first + plain]
  }

  @Test func `a view reads its rows scaled and shifted, and sums them`() {
    let (first, second) = (Self.view(4, 33, item: 61), Self.view(4, 33, item: 63))
    let sum = (first + second).stored()
    let part = (first + second).rows(1..<3).stored()
    for row in 0..<4 {
      for column in 0..<33 {
        let expected = [first, second].reduce(Float(0)) {
          $0 + $1.scales[row] * $1.values.row(row)[column] + $1.shifts[row]
        }
        #expect(abs(sum[row, column] - expected) < 1e-5)
        if (1..<3).contains(row) { #expect(part[row - 1, column] == sum[row, column]) }
      }
    }
  }

  @Test func `a view sums its rows as it reads them`() {
    let view = Self.view(4, 33, item: 61)
    for view in [view, view.rectified, AffineView(view.values)] {
      let stored = view.stored()
      for row in 0..<4 {
        let expected = (5..<29).reduce(0) { $0 + Double(stored[row, $1]) }
        #expect(abs(view.sum(row: row, columns: 5..<29) - expected) < 1e-4)
      }
    }
  }

  @Test(arguments: [(1, .zeros), (3, .zeros), (3, .reflection), (3, .valid)] as [(Int, Convolution1D.Padding)], shapes)
  func `a convolution of a view is that of its copy`(
    kernel: (frames: Int, padding: Convolution1D.Padding), shape: (channels: Int, utterances: Int, frames: Int)
  ) {
    var layout = EncoderLayout()
    let block = ConvolutionBlock(
      convolution: "c", normalization: "n", inputs: shape.channels, outputs: 5, kernel: kernel.frames,
      padding: kernel.padding, layout: &layout)
    expectViews(block, layout, shape)
  }

  @Test(arguments: shapes)
  func `a convolution of a view by minimal filtering is that of its copy`(
    shape: (channels: Int, utterances: Int, frames: Int)
  ) {
    var layout = EncoderLayout()
    let block = ConvolutionBlock(
      filtering: "c", normalization: "n", inputs: shape.channels, outputs: 5, dilation: 2, layout: &layout)
    expectViews(block, layout, shape)
  }

  private func expectViews(
    _ block: ConvolutionBlock, _ layout: EncoderLayout, _ shape: (channels: Int, utterances: Int, frames: Int)
  ) {
    for view in Self.views(shape.channels, shape.utterances * shape.frames) {
      let own = pass(block, layout, view, utterances: shape.utterances, adding: false)
      let copied = pass(block, layout, AffineView(view.stored().view), utterances: shape.utterances, adding: false)
      #expect(relativeDistance(own.output, copied.output) < 1e-5)
      for (own, copied) in zip(own.gradients, copied.gradients) { #expect(relativeDistance(own, copied) < 2e-5) }
      let added = pass(block, layout, view, utterances: shape.utterances, adding: true)
      #expect(relativeDistance(added.gradients[2].map { $0 - 1 }, own.gradients[2]) < 1e-5)
    }
  }

  /// A block's output, the parameters' gradients of two objectives and the input's, added to ones or not.
  private func pass(
    _ block: ConvolutionBlock, _ layout: EncoderLayout, _ input: AffineView, utterances: Int, adding: Bool
  ) -> (output: [Float], gradients: [[Float]]) {
    let state = LayerState(layout)
    let grid = Grid(utterances: utterances, frames: input.values.columns / utterances)
    let (output, cache) = block.forward(input, grid, state.forward)
    let inputGradient = Matrix(rows: input.values.rows, columns: 2 * grid.columns)
    inputGradient.pointer.update(repeating: 1, count: inputGradient.count)
    withExtendedLifetime(state) {
      block.backward(
        LayerProbe.normal(5, 2 * block.outputGrid(grid).columns, item: 66).view, cache: cache, into: inputGradient.view,
        adding: adding,
        state.backward)
    }
    return (output.stored().values, state.gradients.map(\.values) + [inputGradient.values])
  }

  @Test func `a block tells the means of what it rectified`() {
    var layout = EncoderLayout()
    let block = ConvolutionBlock(convolution: "c", normalization: "n", inputs: 4, outputs: 5, layout: &layout)
    let state = LayerState(layout)
    let (output, cache) = withExtendedLifetime(state) {
      block.forward(Self.view(4, 33, item: 61), Grid(utterances: 3, frames: 11), state.forward)
    }
    for row in 0..<5 {
      for utterance in 0..<3 {
        let own = (0..<11).map { output.values.row(row)[utterance * 11 + $0] }
        #expect(abs(cache.means[row, utterance] - own.reduce(0, +) / 11) < 1e-5)
      }
    }
  }

  @Test func `a gate's output is that of stored inputs, and a gated gradient's sums are its own`() {
    var layout = EncoderLayout()
    let layer = SqueezeExcitation("s", channels: 4, bottleneck: 3, layout: &layout)
    let state = LayerState(layout)
    let (input, residual) = (Self.view(4, 33, item: 61), Self.view(4, 33, item: 63))
    let means = Matrix.zeros(rows: 4, columns: 3)
    for row in 0..<4 {
      for column in 0..<33 { means[row, column / 11] += input.values.row(row)[column] / 11 }
    }
    let output = Matrix(rows: 4, columns: 33)
    let cache = layer.forward(input, valueMeans: means, residual: residual, into: output.view, state.forward)
    let gradient = LayerProbe.normal(4, 66, item: 66)
    let centres: [Float] = [0.5, -1, 0, 2]
    let gated = withExtendedLifetime(state) {
      layer.backward(gradient.view, cache: cache, centres: centres, state.backward)
    }
    let (storedInput, storedResidual) = (input.stored(), residual.stored())
    for channel in 0..<4 {
      for column in 0..<33 {
        let expected =
          storedResidual[channel, column] + gated.gates[channel, column / 11] * storedInput[channel, column]
        #expect(abs(output[channel, column] - expected) < 1e-5)
      }
      for objective in 0..<2 {
        var (sum, weighted) = (0.0, 0.0)
        for column in 0..<33 {
          let at = objective * 33 + column
          let dx = Double(
            gated.gates[channel, column / 11] * gradient[channel, at] + gated.constants[channel, at / 11])
          sum += dx
          weighted += dx * Double(input.values.row(channel)[column] - centres[channel])
        }
        let row = objective * 4 + channel
        #expect(abs(gated.sums[2 * row] - sum) < 1e-4)
        #expect(abs(gated.sums[2 * row + 1] - weighted) < 1e-4)
      }
    }
  }
}

/// Parameters as a layer starts, and gradients of two objectives.
private final class LayerState {
  let gradients: [Matrix]
  private let parameters: Matrix
  private let statistics: Matrix

  init(_ layout: EncoderLayout) {
    parameters = Matrix(rows: 1, columns: layout.parameters.count)
    statistics = Matrix(rows: 1, columns: layout.statistics.count)
    layout.parameters.initialise(parameters.pointer, seed: 4)
    layout.statistics.initialise(statistics.pointer, seed: 4)
    gradients = (0..<2).map { _ in Matrix.zeros(rows: 1, columns: layout.parameters.count) }
  }

  var forward: ForwardPass {
    ForwardPass(mode: .training, parameters: parameters, statistics: statistics)
  }

  var backward: BackwardPass {
    BackwardPass(parameters: parameters, gradients: gradients)
  }
}
