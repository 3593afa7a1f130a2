import DistTrain
import TestTools
import Testing

@Suite struct ConvolutionBlocksTests {
  /// 3 of these utterances fit into a block of gathered rows.
  private static let (inputs, outputs, frames, utterances) = (40, 3, 401, 8)

  @Test(arguments: [.zeros, .valid] as [Convolution1D.Padding])
  func `a batch of several blocks has the sum of its utterances' gradients`(padding: Convolution1D.Padding) {
    var layout = EncoderLayout()
    let block = ConvolutionBlock(
      convolution: "c", normalization: "n", inputs: Self.inputs, outputs: Self.outputs, kernel: 5,
      padding: padding, layout: &layout)
    let output = block.outputGrid(Grid(utterances: Self.utterances, frames: Self.frames))
    let input = LayerProbe.normal(Self.inputs, Self.utterances * Self.frames, item: 50)
    let gradient = LayerProbe.normal(Self.outputs, output.columns, item: 51)
    let whole = gradients(block, layout, input, gradient)
    var sums = [Float](repeating: 0, count: layout.parameters.count)
    for utterance in 0..<Self.utterances {
      let own = gradients(block, layout, part(input, utterance), part(gradient, utterance))
      sums = zip(sums, own.parameters).map { $0 + $1 }
      #expect(relativeDistance(own.input.values, part(whole.input, utterance).values) < 1e-5)
    }
    for parameter in layout.parameters.parameters {
      let distance = relativeDistance(Array(whole.parameters[parameter.range]), Array(sums[parameter.range]))
      #expect(distance < 1e-4, "\(parameter.name)")
    }
  }

  private func part(_ matrix: Matrix, _ utterance: Int) -> Matrix {
    let frames = matrix.columns / Self.utterances
    return Matrix(
      rows: matrix.rows, columns: frames,
      (0..<matrix.rows).flatMap { row in (0..<frames).map { matrix[row, utterance * frames + $0] } })
  }

  /// Under running statistics, with which utterances don't see each other.
  private func gradients(
    _ block: ConvolutionBlock, _ layout: EncoderLayout, _ input: Matrix, _ gradient: Matrix
  ) -> (parameters: [Float], input: Matrix) {
    let parameters = Matrix(rows: 1, columns: layout.parameters.count)
    let statistics = Matrix(rows: 1, columns: layout.statistics.count)
    layout.parameters.initialise(parameters.pointer, seed: 4)
    layout.statistics.initialise(statistics.pointer, seed: 4)
    let utterances = input.columns / Self.frames
    let (_, cache) = block.forward(
      AffineView(input.view), Grid(utterances: utterances, frames: Self.frames),
      ForwardPass(mode: .inference, parameters: parameters, statistics: statistics))
    let buffer = Matrix.zeros(rows: 1, columns: layout.parameters.count)
    let inputGradient = Matrix(rows: input.rows, columns: input.columns)
    let used = Matrix(rows: gradient.rows, columns: gradient.columns, gradient.values)
    block.backward(
      used.view, cache: cache, into: inputGradient.view,
      BackwardPass(parameters: parameters, gradients: [buffer]))
    return (buffer.values, inputGradient)
  }
}
