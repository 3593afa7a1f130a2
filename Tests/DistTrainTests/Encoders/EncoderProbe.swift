import DistTrain
import Testing

/// An encoder with random features. Its biases are raised, so that most ReLUs pass: each that changes sides within a
/// step bends a difference.
struct EncoderProbe: Sendable {
  let encoder: any Encoder
  let parameters: Matrix
  let statistics: Matrix
  private let features: Matrix
  private let utterances: Int
  private let item: Int

  /// - Parameters:
  ///   - lift: what is added to biases.
  ///   - weights: the factor on the weights as they start.
  ///   - item: the number of the random features; the next ones are those of gradients.
  ///   - isLifted: whether a bias of some name is raised.
  init(
    _ encoder: any Encoder, utterances: Int, frames: Int, lift: Float = 2, weights: Float = 1, item: Int = 32,
    isLifted: (String) -> Bool = { _ in true }
  ) {
    self.encoder = encoder
    self.utterances = utterances
    self.item = item
    parameters = Matrix(rows: 1, columns: encoder.layout.parameters.count)
    statistics = Matrix(rows: 1, columns: encoder.layout.statistics.count)
    encoder.layout.parameters.initialise(parameters.pointer, seed: 9)
    encoder.layout.statistics.initialise(statistics.pointer, seed: 9)
    for parameter in encoder.layout.parameters.parameters {
      let lift = parameter.name.hasSuffix("bias") && isLifted(parameter.name) ? lift : 0
      for element in parameter.range {
        parameters.pointer[element] *= parameter.shape.count > 1 ? weights : 1
        parameters.pointer[element] += lift
      }
    }
    features = LayerProbe.normal(encoder.bins, utterances * frames, item: item)
  }

  private func gradient(_ number: Int) -> Matrix {
    LayerProbe.normal(utterances, encoder.dimensions, item: item + 1 + number)
  }

  private func forward(_ mode: ForwardPass.Mode) -> (embeddings: Matrix, pullback: Pullback) {
    encoder.encode(
      features, utterances: utterances, ForwardPass(mode: mode, parameters: parameters, statistics: statistics))
  }

  /// The embedding of an utterance alone.
  private func embedding(of utterance: Int) -> Matrix {
    let frames = features.columns / utterances
    let own = Matrix(
      rows: features.rows, columns: frames,
      (0..<features.rows).flatMap { row in (0..<frames).map { features[row, utterance * frames + $0] } })
    let pass = ForwardPass(mode: .inference, parameters: parameters, statistics: statistics, keepsCaches: false)
    return encoder.encode(own, utterances: 1, pass).embeddings
  }

  /// Expects of every parameter the gradient that central differences give.
  func expectGradients(
    _ mode: ForwardPass.Mode, step: Float, within tolerance: Double, floor: Double, atMost limit: Int,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let weights = gradient(0)
    let (_, pullback) = forward(mode)
    let buffer = Matrix.zeros(rows: 1, columns: parameters.columns)
    pullback([weights], BackwardPass(parameters: parameters, gradients: [buffer]))
    for parameter in encoder.layout.parameters.parameters {
      expectGradient(
        buffer.values[parameter.range], of: parameter.name, by: parameters, parameter.range, step: step,
        within: tolerance, floor: floor, atMost: limit, sourceLocation: sourceLocation
      ) {
        let embeddings = forward(mode).embeddings
        return zip(embeddings.elements, weights.elements).reduce(0) { $0 + Double($1.0) * Double($1.1) }
      }
    }
  }

  /// Expects embeddings, gradients and statistics that are finite.
  func expectFinite(sourceLocation: SourceLocation = #_sourceLocation) {
    for mode in [ForwardPass.Mode.inference, .training] {
      let (embeddings, pullback) = forward(mode)
      let buffer = Matrix.zeros(rows: 1, columns: parameters.columns)
      pullback([gradient(0)], BackwardPass(parameters: parameters, gradients: [buffer]))
      for values in [embeddings.values, buffer.values, statistics.values] {
        #expect(values.allSatisfy { $0.isFinite }, sourceLocation: sourceLocation)
      }
    }
  }

  /// Expects the same embedding of each utterance in inference, whatever is beside it.
  func expectIndependence(sourceLocation: SourceLocation = #_sourceLocation) {
    let whole = forward(.inference).embeddings
    for utterance in 0..<utterances {
      let own = embedding(of: utterance)
      let beside = (0..<encoder.dimensions).map { whole[utterance, $0] }
      #expect(own.values == beside, sourceLocation: sourceLocation)
    }
    #expect(Set((0..<utterances).map { whole[$0, 0] }).count == utterances, sourceLocation: sourceLocation)
  }

  /// Expects the same bits of embeddings, statistics and both gradients on several threads and on one.
  /// - Parameter make: makes a probe of five utterances; each run has one of its own.
  static func expectSameBits(
    sourceLocation: SourceLocation = #_sourceLocation, of make: @Sendable () -> EncoderProbe
  ) {
    expectSameBitsOnThreads(sourceLocation: sourceLocation) {
      let probe = make()
      let (embeddings, pullback) = probe.forward(.training)
      let buffers = (0...1).map { _ in Matrix.zeros(rows: 1, columns: probe.parameters.columns) }
      pullback(
        (0...1).map { probe.gradient(1 + $0) },
        BackwardPass(
          parameters: probe.parameters, gradients: buffers.map { [$0] },
          units: BatchUnits(sizes: [2, 2, 1], nodes: [0..<3])))
      return [embeddings.values, probe.statistics.values] + buffers.map(\.values)
    }
  }
}
