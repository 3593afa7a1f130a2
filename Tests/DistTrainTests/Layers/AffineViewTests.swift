import DistTrain
import Testing

/// What reads a view in work of its own gives what it gives for the view written out.
@Suite struct AffineViewTests {
  private static let (channels, utterances, frames) = (4, 3, 11)

  private static func view(item: Int) -> AffineView {
    let values = LayerProbe.normal(channels, utterances * frames, item: item)
    let coefficients = LayerProbe.normal(2, channels, item: item + 1)
    return AffineView(
      values.view, scales: (0..<channels).map { coefficients[0, $0] + 2 },
      shifts: (0..<channels).map { coefficients[1, $0] })
  }

  /// A plain one, one scaled and shifted, sums of two.
  private static var views: [AffineView] {
    let plain = AffineView(LayerProbe.normal(channels, utterances * frames, item: 60).view)
    return [plain, view(item: 61), view(item: 61) + view(item: 63), view(item: 61) + plain]
  }

  @Test func `a view reads its rows scaled and shifted, and sums them`() {
    let (first, second) = (Self.view(item: 61), Self.view(item: 63))
    let sum = (first + second).stored()
    let part = (first + second).rows(1..<3).stored()
    for row in 0..<Self.channels {
      for column in 0..<sum.columns {
        let expected = [first, second].reduce(Float(0)) {
          $0 + $1.scales[row] * $1.values.row(row)[column] + $1.shifts[row]
        }
        #expect(abs(sum[row, column] - expected) < 1e-5)
        if (1..<3).contains(row) { #expect(part[row - 1, column] == sum[row, column]) }
      }
    }
  }

  @Test(arguments: [(1, .zeros), (3, .zeros), (3, .reflection)] as [(Int, Convolution1D.Padding)])
  func `a convolution of a view is that of its copy`(kernel: Int, padding: Convolution1D.Padding) {
    for view in Self.views {
      let (own, ownGradients) = pass(view, kernel: kernel, padding: padding)
      let (copied, copiedGradients) = pass(AffineView(view.stored().view), kernel: kernel, padding: padding)
      #expect(relativeDistance(own, copied) < 1e-5)
      for (own, copied) in zip(ownGradients, copiedGradients) { #expect(relativeDistance(own, copied) < 1e-5) }
    }
  }

  /// A block's output, and the parameters' gradients of two objectives.
  private func pass(
    _ input: AffineView, kernel: Int, padding: Convolution1D.Padding
  ) -> (output: [Float], gradients: [[Float]]) {
    var layout = EncoderLayout()
    let block = ConvolutionBlock(
      convolution: "c", normalization: "n", inputs: Self.channels, outputs: 5, kernel: kernel, padding: padding,
      layout: &layout)
    let parameters = Matrix(rows: 1, columns: layout.parameters.count)
    let statistics = Matrix(rows: 1, columns: layout.statistics.count)
    layout.parameters.initialise(parameters.pointer, seed: 4)
    layout.statistics.initialise(statistics.pointer, seed: 4)
    let (output, cache) = block.forward(
      input, utterances: Self.utterances,
      ForwardPass(mode: .training, parameters: parameters.pointer, statistics: statistics.pointer))
    let buffers = (0..<2).map { _ in Matrix.zeros(rows: 1, columns: layout.parameters.count) }
    let inputGradient = Matrix(rows: Self.channels, columns: 2 * Self.utterances * Self.frames)
    block.backward(
      LayerProbe.normal(5, inputGradient.columns, item: 66).view, cache: cache, utterances: Self.utterances,
      into: inputGradient.view,
      BackwardPass(parameters: parameters.pointer, gradients: buffers.map(\.pointer)))
    return (output.stored().values, buffers.map(\.values) + [inputGradient.values])
  }

  @Test func `a block that reads the means of its output finds them`() {
    var layout = EncoderLayout()
    let block = ConvolutionBlock(
      convolution: "c", normalization: "n", inputs: Self.channels, outputs: 5, layout: &layout)
    let parameters = Matrix(rows: 1, columns: layout.parameters.count)
    let statistics = Matrix(rows: 1, columns: layout.statistics.count)
    layout.parameters.initialise(parameters.pointer, seed: 4)
    layout.statistics.initialise(statistics.pointer, seed: 4)
    let (output, cache) = block.forward(
      Self.view(item: 61), utterances: Self.utterances,
      ForwardPass(mode: .training, parameters: parameters.pointer, statistics: statistics.pointer))
    for row in 0..<5 {
      for utterance in 0..<Self.utterances {
        let own = (0..<Self.frames).map { output.values.row(row)[utterance * Self.frames + $0] }
        #expect(abs(cache.means[row, utterance] - own.reduce(0, +) / Float(Self.frames)) < 1e-5)
      }
    }
  }

  @Test func `the sums of a gated gradient are its own`() {
    var layout = EncoderLayout()
    let layer = SqueezeExcitation("s", channels: Self.channels, bottleneck: 3, layout: &layout)
    let parameters = Matrix(rows: 1, columns: layout.parameters.count)
    layout.parameters.initialise(parameters.pointer, seed: 4)
    let input = Self.view(item: 61)
    let means = Matrix.zeros(rows: Self.channels, columns: Self.utterances)
    for row in 0..<Self.channels {
      for column in 0..<input.values.columns {
        means[row, column / Self.frames] += input.values.row(row)[column] / Float(Self.frames)
      }
    }
    let output = Matrix(rows: Self.channels, columns: input.values.columns)
    let cache = layer.forward(
      input, valueMeans: means, residual: Self.view(item: 63), into: output.view,
      ForwardPass(mode: .training, parameters: parameters.pointer, statistics: parameters.pointer))
    let gradient = LayerProbe.normal(Self.channels, 2 * input.values.columns, item: 66)
    let buffers = (0..<2).map { _ in Matrix.zeros(rows: 1, columns: layout.parameters.count) }
    let centres = [0.5, -1, 0, 2]
    let gated = layer.backward(
      gradient.view, cache: cache, centres: centres,
      BackwardPass(parameters: parameters.pointer, gradients: buffers.map(\.pointer)))
    for row in 0..<2 * Self.channels {
      let (objective, channel) = row.quotientAndRemainder(dividingBy: Self.channels)
      var (sum, weighted) = (0.0, 0.0)
      for column in 0..<input.values.columns {
        let at = objective * input.values.columns + column
        let dx = Double(
          gated.gates[channel, column / Self.frames] * gradient[channel, at]
            + gated.constants[channel, at / Self.frames])
        sum += dx
        weighted += dx * (Double(input.values.row(channel)[column]) - centres[channel])
      }
      #expect(abs(gated.sums[2 * row] - sum) < 1e-4)
      #expect(abs(gated.sums[2 * row + 1] - weighted) < 1e-4)
    }
  }
}
