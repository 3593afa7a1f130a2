import DistTrain
import Foundation
import Testing

@Suite struct ECAPATDNNTests {
  @Test(arguments: [(512, 6_190_720), (1024, 14_657_088)])
  func `has wespeaker's number of parameters with global context`(channels: Int, count: Int) {
    var sizes = ECAPATDNN.Sizes()
    sizes.channels = channels
    #expect(ECAPATDNN(sizes).layout.parameters.count == count)
  }

  @Test(arguments: [(512, 5_797_504), (1024, 14_263_872)])
  func `has wespeaker's number of parameters without global context`(channels: Int, count: Int) {
    var sizes = ECAPATDNN.Sizes()
    sizes.channels = channels
    sizes.globalContext = false
    #expect(ECAPATDNN(sizes).layout.parameters.count == count)
  }

  @Test(arguments: [true, false], [ForwardPass.Mode.training, .inference])
  func `gradients follow central differences`(globalContext: Bool, mode: ForwardPass.Mode) {
    var sizes = SmallEncoder.sizes
    sizes.globalContext = globalContext
    let small = SmallEncoder(sizes, utterances: 3, frames: 7)
    let (embeddings, _) = small.forward(mode)
    let directions = (0..<2).map { SmallEncoder.random(rows: embeddings.rows, columns: embeddings.columns, item: 70 + $0) }
    if mode == .inference { return }
    let gradients = small.backward(directions)
    for (direction, gradient) in zip(directions, gradients) {
      var stream = RandomStream(seed: 3, purpose: .test)
      for parameter in small.encoder.layout.parameters.parameters {
        // Along a random direction of the parameter: a single element drowns in single precision.
        let slope = (0..<parameter.count).map { _ in Float(stream.normal()) }
        let expected = zip(slope, parameter.range).reduce(0.0) { $0 + Double($1.0 * gradient.values[$1.1]) }
        let length = slope.reduce(Float(0)) { $0 + $1 * $1 }.squareRoot()
        let step: Float = 3e-4 / length
        func value(_ sign: Float) -> Double {
          for (index, element) in parameter.range.enumerated() {
            small.parameters.pointer[element] += sign * step * slope[index]
          }
          let (output, _) = small.forward(.training)
          for (index, element) in parameter.range.enumerated() {
            small.parameters.pointer[element] -= sign * step * slope[index]
          }
          return zip(output.values, direction.values).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        }
        let measured = (value(1) - value(-1)) / (2 * Double(step))
        let tolerance = 0.03 * Swift.max(abs(expected), abs(measured)) + 0.02 * Double(length)
        #expect(abs(measured - expected) < tolerance, "\(parameter.name): \(measured) measured, \(expected) expected")
      }
    }
  }
}

/// An encoder small enough for differences, with parameters, statistics and features of its own.
final class SmallEncoder {
  static var sizes: ECAPATDNN.Sizes {
    var sizes = ECAPATDNN.Sizes()
    sizes.bins = 6
    sizes.channels = 16
    sizes.embedding = 5
    sizes.aggregation = 24
    sizes.squeezeBottleneck = 4
    sizes.attentionBottleneck = 4
    return sizes
  }

  let encoder: ECAPATDNN
  let parameters: Matrix
  let statistics: Matrix
  let features: Matrix
  let utterances: Int

  init(_ sizes: ECAPATDNN.Sizes, utterances: Int, frames: Int) {
    encoder = ECAPATDNN(sizes)
    parameters = Matrix(rows: 1, columns: encoder.layout.parameters.count)
    statistics = Matrix(rows: 1, columns: encoder.layout.statistics.count)
    encoder.layout.parameters.initialise(parameters.pointer, seed: 1)
    encoder.layout.statistics.initialise(statistics.pointer, seed: 1)
    features = Self.random(rows: sizes.bins, columns: utterances * frames, item: 1)
    self.utterances = utterances
  }

  static func random(rows: Int, columns: Int, item: Int) -> Matrix {
    var stream = RandomStream(seed: 5, purpose: .test, item: item)
    return Matrix(rows: rows, columns: columns, (0..<rows * columns).map { _ in Float(stream.normal()) })
  }

  func forward(_ mode: ForwardPass.Mode) -> (Matrix, ECAPATDNN.Cache) {
    let pass = ForwardPass(mode: mode, parameters: parameters.pointer, statistics: statistics.pointer)
    return encoder.forward(features, utterances: utterances, pass)
  }

  func backward(_ gradients: [Matrix]) -> [Matrix] {
    let (_, cache) = forward(.training)
    let buffers = gradients.map { _ in Matrix.zeros(rows: 1, columns: parameters.columns) }
    encoder.backward(
      gradients, cache: cache, BackwardPass(parameters: parameters.pointer, gradients: buffers.map(\.pointer)))
    return buffers
  }
}
