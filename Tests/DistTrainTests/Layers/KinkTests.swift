import DistTrain
import Testing

/// Activations within rounding of a ReLU's kink, where another order of a sum decides whether a frame passes.
@Suite struct KinkTests {
  private static let utterances = 7
  private static let frames = 23

  /// A convolution whose outputs are its sums' rounding: every frame is one vector, and the biases take away what it
  /// gives.
  private func block(kernel: Int) -> (block: ConvolutionBlock, parameters: Matrix, statistics: Matrix, input: Matrix) {
    var layout = EncoderLayout()
    let block = ConvolutionBlock(
      convolution: "c", normalization: "n", inputs: 100, outputs: 37, kernel: kernel, padding: .reflection,
      layout: &layout)
    let parameters = Matrix(rows: 1, columns: layout.parameters.count)
    let statistics = Matrix(rows: 1, columns: layout.statistics.count)
    layout.parameters.initialise(parameters.pointer, seed: 8)
    layout.statistics.initialise(statistics.pointer, seed: 8)
    var stream = RandomStream(seed: 14, purpose: .test)
    let input = Matrix(rows: 100, columns: Self.utterances * Self.frames)
    for row in 0..<input.rows {
      let value = Float(stream.normal())
      // A last bit here and there makes the frames differ.
      for column in 0..<input.columns { input[row, column] = stream.below(2) == 0 ? value : value.nextUp }
    }
    let weights = layout.parameters.parameters[0]
    let biases = layout.parameters.parameters[1]
    for output in 0..<37 {
      let own = parameters.pointer + weights.offset + output * 100 * kernel
      parameters.pointer[biases.offset + output] = Float(
        -(0..<100 * kernel).reduce(0.0) { $0 + Double(own[$1]) * Double(input[$1 / kernel, 0]) })
    }
    return (block, parameters, statistics, input)
  }

  @Test(arguments: [1, 3]) func `frames pass or not whatever utterances are beside them`(kernel: Int) {
    let (block, parameters, statistics, input) = block(kernel: kernel)
    func rectified(_ utterances: Range<Int>) -> [Float] {
      let pass = ForwardPass(mode: .inference, parameters: parameters, statistics: statistics)
      let own = Matrix(rows: 100, columns: utterances.count * Self.frames)
      for row in 0..<own.rows {
        own.row(row).update(from: input.row(row) + utterances.lowerBound * Self.frames, count: own.columns)
      }
      let (output, _) = block.forward(
        AffineView(own.view), Grid(utterances: utterances.count, frames: Self.frames), pass)
      return (0..<37).flatMap { row in (0..<own.columns).map { output.values.row(row)[$0] } }
    }
    let whole = rectified(0..<Self.utterances)
    let passed = whole.count { $0 > 0 }
    #expect(passed > whole.count / 5 && passed < 4 * whole.count / 5)
    #expect(whole.allSatisfy { $0 < 1e-4 })
    for cut in 1..<Self.utterances {
      for own in [0..<cut, cut..<Self.utterances] {
        let part = rectified(own)
        let width = own.count * Self.frames
        let expected = (0..<37).flatMap { row -> ArraySlice<Float> in
          let start = (row * Self.utterances + own.lowerBound) * Self.frames
          return whole[start..<start + width]
        }
        #expect(part.count == 37 * width && part == expected, "utterances \(own)")
      }
    }
  }
}
