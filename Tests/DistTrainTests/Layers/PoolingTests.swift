import DistTrain
import Foundation
import TestTools
import Testing

/// Statistics at the edges of what they are defined for.
@Suite struct PoolingTests {
  private static let utterances = 2

  /// Parameters as they start, and an input channel after channel.
  private struct Setup {
    let parameters: Matrix
    let statistics: Matrix
    let input: Matrix
    let count: Int

    init(_ layout: EncoderLayout, input: Matrix) {
      parameters = Matrix(rows: 1, columns: layout.parameters.count)
      statistics = Matrix(rows: 1, columns: layout.statistics.count)
      layout.parameters.initialise(parameters.pointer, seed: 8)
      layout.statistics.initialise(statistics.pointer, seed: 8)
      self.input = input
      count = layout.parameters.count
    }

    func forward<Pooling: Layer>(
      _ pooling: Pooling, _ mode: ForwardPass.Mode, utterances: Int = PoolingTests.utterances
    ) -> (Matrix, Pooling.Cache) {
      let (output, cache) = pooling.forward(
        AffineView(input.view), Grid(utterances: utterances, frames: input.columns / utterances),
        ForwardPass(mode: mode, parameters: parameters, statistics: statistics))
      return (output.stored(), cache)
    }

    /// Sets all elements of a parameter.
    func set(_ parameter: Parameter, to value: Float) {
      (parameters.pointer + parameter.offset).update(repeating: value, count: parameter.count)
    }

    /// The input's gradient.
    func backward<Pooling: Layer>(
      _ pooling: Pooling, _ gradient: Matrix, cache: Pooling.Cache, _ buffer: Matrix
    ) -> Matrix {
      let result = Matrix(rows: input.rows, columns: input.columns)
      pooling.backward(
        gradient.view, cache: cache, into: result.view, BackwardPass(parameters: parameters, gradients: [buffer]))
      return result
    }
  }

  private static func normal(_ rows: Int, _ columns: Int, above lowest: Float = -.infinity) -> Matrix {
    var stream = RandomStream(seed: 14, purpose: .test)
    return Matrix(
      rows: rows, columns: columns, (0..<rows * columns).map { _ in max(lowest, Float(stream.normal())) })
  }

  @Test(arguments: [true, false])
  func `one frame is its own mean with the floor's deviation, which has no gradient`(globalContext: Bool) {
    var layout = EncoderLayout()
    let pooling = AttentiveStatisticsPooling(
      "p", channels: 3, bottleneck: 2, globalContext: globalContext, layout: &layout)
    let setup = Setup(layout, input: Self.normal(3, Self.utterances, above: 0.25))
    let (output, cache) = setup.forward(pooling, .training)
    for channel in 0..<3 {
      for utterance in 0..<Self.utterances {
        #expect(output[channel, utterance] == setup.input[channel, utterance])
        #expect(output[3 + channel, utterance] == Float(1e-7).squareRoot())
      }
    }
    let buffer = Matrix.zeros(rows: 1, columns: setup.count)
    let gradient = Self.normal(6, Self.utterances)
    let result = setup.backward(pooling, gradient, cache: cache, buffer)
    for element in result.elements.indices {
      #expect(abs(result.pointer[element] - gradient.pointer[element]) < 1e-6)
    }
    #expect(buffer.values.allSatisfy { abs($0) < 1e-6 })
  }

  @Test func `statistics over time stand channel after channel, each height by height, the deviations below the means`()
  {
    // Channel 0 is 1 and 3 at height 0, 2 and 6 at height 1; channel 1 is 10 more.
    let input = Matrix(rows: 2, columns: 4, [1, 3, 2, 6, 11, 13, 12, 16])
    let pooling = TemporalStatisticsPooling(channels: 2, height: 2)
    let empty = Matrix(rows: 1, columns: 0)
    let (output, _) = pooling.forward(
      AffineView(input.view), Grid(utterances: 1, height: 2, frames: 2),
      ForwardPass(mode: .training, parameters: empty, statistics: empty))
    let deviations = [2.0, 8, 2, 8].map { Float(($0 + 1e-7).squareRoot()) }
    #expect(output.stored().values == [2, 4, 12, 14] + deviations)
  }

  @Test func `statistics over time of a view that scales and shifts are those of its copy`() {
    let pooling = TemporalStatisticsPooling(channels: 3, height: 2)
    let empty = Matrix(rows: 1, columns: 0)
    let pass = ForwardPass(mode: .training, parameters: empty, statistics: empty)
    let grid = Grid(utterances: 2, height: 2, frames: 7)
    let input = Self.normal(3, grid.columns)
    let view = AffineView(input.view, scales: [0.5, -1.5, 2], shifts: [1, -0.5, 30])
    for view in [view, view.rectified] {
      let own = pooling.forward(view, grid, pass).output.stored()
      let copied = pooling.forward(AffineView(view.stored().view), grid, pass).output.stored()
      #expect(relativeDistance(own.values, copied.values) < 1e-6)
    }
  }

  @Test func `statistics of one frame have the floor's deviation, which has no gradient`() {
    let pooling = TemporalStatisticsPooling(channels: 3)
    let setup = Setup(EncoderLayout(), input: Self.normal(3, Self.utterances))
    let (output, cache) = setup.forward(pooling, .training)
    for channel in 0..<3 {
      for utterance in 0..<Self.utterances {
        #expect(output[channel, utterance] == setup.input[channel, utterance])
        #expect(output[3 + channel, utterance] == Float(1e-7.squareRoot()))
      }
    }
    let gradient = Self.normal(6, Self.utterances)
    let result = setup.backward(pooling, gradient, cache: cache, Matrix.zeros(rows: 1, columns: 0))
    for element in result.elements.indices { #expect(result.pointer[element] == gradient.pointer[element]) }
  }

  @Test(arguments: [5, 3001])
  func `a constant channel has its own value as mean and the floor's deviation, which has no gradient`(frames: Int) {
    var layout = EncoderLayout()
    let pooling = NormalizedAttentionPooling(
      "p", channels: 3, bottleneck: 2, globalContext: true, layout: &layout)
    let setup = Setup(layout, input: Self.normal(3, Self.utterances * frames))
    let constant: Float = 17.3
    setup.input.row(1).update(repeating: constant, count: setup.input.columns)
    let (output, cache) = setup.forward(pooling, .training)
    for utterance in 0..<Self.utterances {
      #expect(output[1, utterance] == constant)
      #expect(output[4, utterance] == Float(1e-12).squareRoot())
    }
    let gradient = Matrix.zeros(rows: 6, columns: Self.utterances)
    gradient.row(4).update(repeating: 1, count: Self.utterances)
    let buffer = Matrix.zeros(rows: 1, columns: setup.count)
    let result = setup.backward(pooling, gradient, cache: cache, buffer)
    #expect(result.values.allSatisfy { $0 == 0 })
    #expect(buffer.values.allSatisfy { $0 == 0 })
  }

  @Test func `a deviation below the floor is the floor and has no gradient`() {
    var layout = EncoderLayout()
    let pooling = NormalizedAttentionPooling(
      "p", channels: 2, bottleneck: 2, globalContext: false, layout: &layout)
    let setup = Setup(layout, input: Self.normal(2, Self.utterances * 7))
    for element in setup.input.elements.indices { setup.input.pointer[element] *= 1e-7 }
    let (output, cache) = setup.forward(pooling, .training)
    let gradient = Matrix.zeros(rows: 4, columns: Self.utterances)
    for channel in 2..<4 {
      for utterance in 0..<Self.utterances {
        #expect(output[channel, utterance] == Float(1e-12).squareRoot())
        gradient[channel, utterance] = 1
      }
    }
    let buffer = Matrix.zeros(rows: 1, columns: setup.count)
    let result = setup.backward(pooling, gradient, cache: cache, buffer)
    #expect(result.values.allSatisfy { $0 == 0 })
  }

  @Test func `a constant channel's deviation gives the attention nothing to send back`() {
    func gradient(weightOfDeviation: Float) -> [Float] {
      var layout = EncoderLayout()
      let pooling = NormalizedAttentionPooling(
        "p", channels: 3, bottleneck: 2, globalContext: true, layout: &layout)
      let setup = Setup(layout, input: Self.normal(3, Self.utterances * 3001))
      setup.input.row(1).update(repeating: 17.3, count: setup.input.columns)
      // W₁ is bottleneck × (x, μ and σ of three channels): σ of the second channel is column 7.
      for row in 0..<2 { setup.parameters.pointer[9 * row + 7] = weightOfDeviation }
      let (_, cache) = setup.forward(pooling, .training)
      let buffer = Matrix.zeros(rows: 1, columns: setup.count)
      let result = setup.backward(pooling, Self.normal(6, Self.utterances), cache: cache, buffer)
      return (0..<result.columns).map { result[1, $0] }
    }
    #expect(relativeDistance(gradient(weightOfDeviation: 5), gradient(weightOfDeviation: 0)) < 1e-3)
  }

  /// Twice the prior's precision is the weight of one frame of precision 1: energies of which softplus makes 1.
  @Test func `frames of xi-vectors count by their precisions, beside the prior`() {
    var layout = EncoderLayout()
    let pooling = XiPooling("p", channels: 1, bottleneck: 1, layout: &layout)
    let setup = Setup(layout, input: Matrix(rows: 1, columns: 3, [1, 2, 6]))
    for parameter in layout.parameters.parameters { setup.set(parameter, to: 0) }
    let named = Dictionary(uniqueKeysWithValues: layout.parameters.parameters.map { ($0.name, $0) })
    setup.set(named["p.prior_mean"]!, to: -3)
    setup.set(named["p.prior_logprec"]!, to: Float(log(2.0)))
    setup.set(named["p.lin2.bias"]!, to: Float(log(exp(1.0) - 1)))
    let (output, _) = setup.forward(pooling, .inference, utterances: 1)
    #expect(abs(output[0, 0] - (1 + 2 + 6 - 2 * 3) / 5) < 1e-6)
    // Beyond all numbers, the prior or the frames alone count.
    for (logarithm, expected) in [(1000, -3), (-1000, 3)] as [(Float, Float)] {
      setup.set(named["p.prior_logprec"]!, to: logarithm)
      #expect(abs(setup.forward(pooling, .inference, utterances: 1).0[0, 0] - expected) < 1e-6)
    }
  }

  @Test(arguments: [(-9, -15), (2000, 15)] as [(Float, Double)])
  func `precisions of xi-vectors have bounds, beyond which they have no gradient`(bias: Float, logarithm: Double) {
    var layout = EncoderLayout()
    let pooling = XiPooling("p", channels: 1, bottleneck: 1, layout: &layout)
    let setup = Setup(layout, input: Matrix(rows: 1, columns: 2, [1, 5]))
    let named = Dictionary(uniqueKeysWithValues: layout.parameters.parameters.map { ($0.name, $0) })
    setup.set(named["p.lin2.weight"]!, to: 0.001)
    setup.set(named["p.lin2.bias"]!, to: bias)
    // The prior weighs as much as both frames together.
    setup.set(named["p.prior_logprec"]!, to: Float(logarithm + log(2.0)))
    let (output, cache) = setup.forward(pooling, .inference, utterances: 1)
    #expect(abs(output[0, 0] - 1.5) < 1e-5)
    let buffer = Matrix.zeros(rows: 1, columns: setup.count)
    let result = setup.backward(pooling, Matrix(rows: 1, columns: 1, [1]), cache: cache, buffer)
    #expect(result.values.allSatisfy { abs($0 - 0.25) < 1e-5 })
    #expect(buffer.values[named["p.lin2.bias"]!.range].allSatisfy { $0 == 0 })
  }

  @Test func `a deviation of the normalised attention is at least its floor, which has no gradient`() {
    var layout = EncoderLayout()
    let pooling = RectifiedAttentionPooling("p", channels: 2, bottleneck: 2, layout: &layout)
    let setup = Setup(layout, input: Self.normal(2, Self.utterances * 7))
    for element in setup.input.elements.indices { setup.input.pointer[element] *= 1e-4 }
    let (output, cache) = setup.forward(pooling, .inference)
    let gradient = Matrix.zeros(rows: 4, columns: Self.utterances)
    for channel in 2..<4 {
      for utterance in 0..<Self.utterances {
        #expect(output[channel, utterance] == Float(1e-5).squareRoot())
        gradient[channel, utterance] = 1
      }
    }
    let buffer = Matrix.zeros(rows: 1, columns: setup.count)
    #expect(setup.backward(pooling, gradient, cache: cache, buffer).values.allSatisfy { $0 == 0 })
  }

  @Test func `deviations keep their digits beside a large mean`() {
    var layout = EncoderLayout()
    let pooling = NormalizedAttentionPooling(
      "p", channels: 1, bottleneck: 1, globalContext: false, layout: &layout)
    // A step of one part in 4,096 is exact in single precision, its square beside the mean's is not.
    let setup = Setup(layout, input: Matrix(rows: 1, columns: 4, [64, 64.015625, 64, 64.015625]))
    // Without the energies' weights all frames count alike.
    setup.parameters.pointer.update(repeating: 0, count: setup.count)
    let (output, _) = setup.forward(pooling, .inference, utterances: 1)
    #expect(output.values == [64.0078125, 0.0078125])
  }
}
