import DistTrain
import TestTools
import Testing

@Suite struct Convolution1DTests {
  struct Shape: Sendable {
    let inputs: Int
    let outputs: Int
    let kernel: Int
    let dilation: Int
    let utterances: Int
    let frames: Int
    var padding = Convolution1D.Padding.zeros
    var isFiltered = false

    /// The number of the kernel's places on a line.
    var places: Int { padding == .valid ? frames - (kernel - 1) * dilation : frames }
  }

  /// The last of each padding takes several blocks of utterances, or without padding several panels and slices of
  /// channels; two of the zeros' are shorter than the kernel reaches, two of the reflections' as short as one may be,
  /// and one without padding has a single place. Two more are computed by minimal filtering.
  static let shapes = [
    Shape(inputs: 3, outputs: 4, kernel: 1, dilation: 1, utterances: 2, frames: 5),
    Shape(inputs: 3, outputs: 4, kernel: 5, dilation: 1, utterances: 3, frames: 9),
    Shape(inputs: 2, outputs: 2, kernel: 3, dilation: 4, utterances: 2, frames: 11),
    Shape(inputs: 2, outputs: 3, kernel: 3, dilation: 4, utterances: 2, frames: 3),
    Shape(inputs: 2, outputs: 3, kernel: 5, dilation: 2, utterances: 1, frames: 1),
    Shape(inputs: 40, outputs: 3, kernel: 5, dilation: 1, utterances: 9, frames: 401),
    Shape(inputs: 3, outputs: 4, kernel: 1, dilation: 1, utterances: 2, frames: 1, padding: .reflection),
    Shape(inputs: 3, outputs: 4, kernel: 5, dilation: 1, utterances: 3, frames: 9, padding: .reflection),
    Shape(inputs: 3, outputs: 4, kernel: 5, dilation: 1, utterances: 3, frames: 3, padding: .reflection),
    Shape(inputs: 2, outputs: 2, kernel: 3, dilation: 4, utterances: 2, frames: 11, padding: .reflection),
    Shape(inputs: 2, outputs: 3, kernel: 3, dilation: 4, utterances: 2, frames: 5, padding: .reflection),
    Shape(inputs: 40, outputs: 3, kernel: 5, dilation: 1, utterances: 9, frames: 401, padding: .reflection),
    Shape(inputs: 3, outputs: 4, kernel: 1, dilation: 1, utterances: 2, frames: 5, padding: .valid),
    Shape(inputs: 3, outputs: 4, kernel: 5, dilation: 1, utterances: 3, frames: 9, padding: .valid),
    Shape(inputs: 2, outputs: 3, kernel: 3, dilation: 3, utterances: 2, frames: 11, padding: .valid),
    Shape(inputs: 2, outputs: 3, kernel: 5, dilation: 2, utterances: 3, frames: 9, padding: .valid),
    Shape(inputs: 70, outputs: 3, kernel: 5, dilation: 1, utterances: 3, frames: 701, padding: .valid),
    Shape(inputs: 3, outputs: 4, kernel: 3, dilation: 2, utterances: 3, frames: 5, padding: .valid, isFiltered: true),
    Shape(inputs: 40, outputs: 3, kernel: 3, dilation: 3, utterances: 9, frames: 61, padding: .valid, isFiltered: true),
  ]

  @Test(arguments: shapes)
  func `a block outside training equals plain sums`(shape: Shape) {
    let setup = Setup(shape)
    let block = setup.block
    let pass = ForwardPass(
      mode: .inference, parameters: setup.parameters, statistics: setup.statistics)
    // Running statistics of mean 0 and variance 1 leave the ReLU's output as it is, but for ε.
    let (output, _) = block.forward(
      AffineView(setup.input.view), Grid(utterances: shape.utterances, frames: shape.frames), pass)
    let expected = setup.plainOutput()
    #expect(output.stored().columns == shape.utterances * shape.places)
    let scale = Float(1 / (1 + 1e-5).squareRoot())
    #expect(relativeDistance(output.stored().values, expected.map { $0 * scale }) < 1e-5)
  }

  private struct Setup {
    let shape: Shape
    let block: ConvolutionBlock
    let parameters: Matrix
    let statistics: Matrix
    let input: Matrix
    let layout: EncoderLayout

    init(_ shape: Shape) {
      self.shape = shape
      var layout = EncoderLayout()
      if shape.isFiltered {
        block = ConvolutionBlock(
          filtering: "c", normalization: "n", inputs: shape.inputs, outputs: shape.outputs, dilation: shape.dilation,
          layout: &layout)
      } else {
        block = ConvolutionBlock(
          convolution: "c", normalization: "n", inputs: shape.inputs, outputs: shape.outputs, kernel: shape.kernel,
          dilation: shape.dilation, padding: shape.padding, layout: &layout)
      }
      self.layout = layout
      parameters = Matrix(rows: 1, columns: layout.parameters.count)
      statistics = Matrix(rows: 1, columns: layout.statistics.count)
      layout.parameters.initialise(parameters.pointer, seed: 4)
      layout.statistics.initialise(statistics.pointer, seed: 4)
      var stream = RandomStream(seed: 6, purpose: .test)
      let count = shape.inputs * shape.utterances * shape.frames
      input = Matrix(
        rows: shape.inputs, columns: shape.utterances * shape.frames, (0..<count).map { _ in Float(stream.normal()) })
    }

    /// relu(b + Σ w·x) in double precision.
    func plainOutput() -> [Float] {
      let weight = layout.parameters.parameters[0]
      let bias = layout.parameters.parameters[1]
      var values: [Float] = []
      for output in 0..<shape.outputs {
        for column in 0..<shape.utterances * shape.places {
          let (utterance, place) = (column / shape.places, column % shape.places)
          var sum = Double(parameters.pointer[bias.offset + output])
          for channel in 0..<shape.inputs {
            for tap in 0..<shape.kernel {
              let before = shape.padding == .valid ? 0 : (shape.kernel - 1) / 2 * shape.dilation
              var at = place + tap * shape.dilation - before
              if shape.padding == .reflection {
                at = abs(at)
                at = shape.frames - 1 - abs(shape.frames - 1 - at)
              }
              guard (0..<shape.frames).contains(at) else { continue }
              let element = (output * shape.inputs + channel) * shape.kernel + tap
              sum +=
                Double(parameters.pointer[weight.offset + element])
                * Double(input[channel, utterance * shape.frames + at])
            }
          }
          values.append(Float(max(sum, 0)))
        }
      }
      return values
    }
  }
}
