import DistTrain
import Testing

/// A layer with random parameters and input under two objectives Σ R₁ ∘ y and Σ R₂ ∘ y, whose stacked gradients one
/// backward pass answers.
///
/// Smooth layers agree with central differences to 1e-3 and better. Behind a ReLU an element that crosses zero within
/// the step bends the difference, and a normalisation multiplies rounding: those bounds are looser. `ECAPATDNNTests`
/// holds the same gradients to 1e-4 of PyTorch's in double precision.
struct LayerProbe {
  struct Shape: Sendable {
    let utterances: Int
    let frames: Int

    /// Enough columns that batch statistics are no accident: of two or three, some are nearly equal, where a
    /// normalisation's slope is 1/√ε and every difference rounding.
    var suitsBatchStatistics: Bool { utterances * frames > 6 }
    var grid: Grid { Grid(utterances: utterances, frames: frames) }
    var modes: [ForwardPass.Mode] { suitsBatchStatistics ? [.training, .inference] : [.inference] }
  }

  /// One frame, one utterance, both, odd lengths, shorter than a kernel reaches.
  static let shapes = [
    Shape(utterances: 3, frames: 7), Shape(utterances: 1, frames: 15), Shape(utterances: 4, frames: 1),
    Shape(utterances: 2, frames: 3), Shape(utterances: 1, frames: 1),
  ]

  /// Maps of one line, one frame, one of both, even and odd.
  static let maps = [
    Grid(utterances: 2, height: 3, frames: 5), Grid(utterances: 1, height: 4, frames: 6),
    Grid(utterances: 2, height: 1, frames: 7), Grid(utterances: 3, height: 5, frames: 1),
    Grid(utterances: 1, height: 1, frames: 1),
  ]

  /// An output, and what turns the stacked gradients of it into the input's.
  typealias Result = (output: Matrix, pullback: (Matrix, BackwardPass) -> Matrix)

  let layout: EncoderLayout
  let input: Matrix
  private let parameters: Matrix
  private let statistics: Matrix
  private let run: (Matrix, ForwardPass) -> Result

  /// - Parameters:
  ///   - input: channels × columns.
  ///   - lift: is added to the biases of normalisations, so that most ReLUs behind them pass.
  ///   - run: the layer's forward pass and pullback.
  init(
    _ layout: EncoderLayout, input: Matrix, lift: Float = 0, _ run: @escaping (Matrix, ForwardPass) -> Result
  ) {
    self.layout = layout
    self.input = input
    self.run = run
    parameters = Self.draw(layout.parameters, lift: lift, item: 1)
    statistics = Self.draw(layout.statistics, item: 2)
  }

  /// A layer's own shape.
  init<Probed: Layer>(_ layer: Probed, _ layout: EncoderLayout, _ grid: Grid, input: Matrix, lift: Float = 0) {
    self.init(layout, input: input, lift: lift) { input, pass in
      let (output, cache) = layer.forward(AffineView(input.view), grid, pass)
      return (
        output.stored(),
        { gradient, pass in
          let inputGradient = Matrix(rows: input.rows, columns: pass.objectives * input.columns)
          layer.backward(gradient.view, cache: cache, into: inputGradient.view, pass)
          return inputGradient
        }
      )
    }
  }

  /// A layer of a shape's frames.
  init<Probed: Layer>(_ layer: Probed, _ layout: EncoderLayout, _ shape: Shape) {
    self.init(layer, layout, shape.grid, input: Self.normal(layer.inputs, shape.grid.columns, item: 3))
  }

  /// A layer that keeps its input's shape. The input's gradient takes the memory of the output's.
  init<Probed: Layer>(
    inPlace layer: Probed, _ layout: EncoderLayout, _ grid: Grid, input: Matrix, lift: Float = 0
  ) {
    self.init(layout, input: input, lift: lift) { input, pass in
      let (output, cache) = layer.forward(AffineView(input.view), grid, pass)
      return (
        output.stored(),
        { gradient, pass in
          layer.backward(gradient.view, cache: cache, into: gradient.view, pass)
          return gradient
        }
      )
    }
  }

  /// A layer of three rows without parameters, whose input is scaled and shifted.
  init<Probed: Layer>(ofView layer: Probed, _ grid: Grid) {
    let (scales, shifts): ([Float], [Float]) = ([0.5, -1.5, 2], [1, -0.5, 3])
    self.init(EncoderLayout(), input: Self.normal(3, grid.columns, item: 3)) { input, pass in
      let view = AffineView(input.view, scales: scales, shifts: shifts)
      let (output, cache) = layer.forward(view, grid, pass)
      return (
        output.stored(),
        { gradient, pass in
          let result = Matrix(rows: 3, columns: 2 * input.columns)
          layer.backward(gradient.view, cache: cache, into: result.view, pass)
          for row in 0..<3 {
            for column in 0..<result.columns { result[row, column] *= scales[row] }
          }
          return result
        }
      )
    }
  }

  static func normal(_ rows: Int, _ columns: Int, item: Int) -> Matrix {
    var stream = RandomStream(seed: 31, purpose: .test, item: item)
    return Matrix(rows: rows, columns: columns, (0..<rows * columns).map { _ in Float(stream.normal()) })
  }

  /// Draws parameters as the layer starts, but for constants, which would hide a factor and are moved by up to a half,
  /// and for biases, moved up so that most ReLUs pass: each that changes sides within a step bends the difference.
  private static func draw(_ layout: ParameterLayout, lift: Float = 0, item: Int) -> Matrix {
    let values = Matrix(rows: 1, columns: layout.count)
    layout.initialise(values.pointer, seed: 5)
    var stream = RandomStream(seed: 32, purpose: .test, item: item)
    for parameter in layout.parameters {
      if case .constant(let constant) = parameter.initialisation {
        let level = constant == 0 ? lift : 0
        for element in parameter.range { values.pointer[element] += level + Float(stream.uniform(-0.5, 0.5)) }
      } else if parameter.shape.count == 1 {
        for element in parameter.range { values.pointer[element] += 2 }
      }
    }
    return values
  }

  private func forward(_ mode: ForwardPass.Mode) -> Result {
    run(input, ForwardPass(mode: mode, parameters: parameters, statistics: statistics))
  }

  private func loss(_ mode: ForwardPass.Mode, _ weights: Matrix) -> Double {
    // Named, so that its memory isn't another test's while it is read.
    let output = forward(mode).output
    return zip(output.elements, weights.elements).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }

  /// Holds both objectives' gradients of the input and of every parameter against central differences, and what the
  /// pass calls final on its way against what they are in the end.
  func check(_ mode: ForwardPass.Mode, step: Float = 0.01, within tolerance: Double, floor: Double = 1e-4) {
    let (output, pullback) = forward(mode)
    let weights = (1...2).map { Self.normal(output.rows, output.columns, item: 10 + $0) }
    let stacked = Matrix(rows: output.rows, columns: 2 * output.columns)
    for row in 0..<output.rows {
      for column in 0..<output.columns {
        for objective in 0...1 { stacked[row, objective * output.columns + column] = weights[objective][row, column] }
      }
    }
    let buffers = (1...2).map { _ in Matrix.zeros(rows: 1, columns: layout.parameters.count) }
    let final = FinalGradients(layout, buffers)
    let inputGradient = pullback(
      stacked, BackwardPass(parameters: parameters, gradients: buffers, finished: final.note).through(layout))
    final.check()
    for objective in 0...1 {
      let function = { loss(mode, weights[objective]) }
      let own = (0..<input.count).map {
        inputGradient[$0 / input.columns, objective * input.columns + $0 % input.columns]
      }
      expectGradient(
        own, of: "input, objective \(objective)", by: input, step: step, within: tolerance, floor: floor, function)
      for parameter in layout.parameters.parameters {
        expectGradient(
          buffers[objective].values[parameter.range], of: "\(parameter.name), objective \(objective)", by: parameters,
          parameter.range, step: step, within: tolerance, floor: floor, function)
      }
    }
  }
}
