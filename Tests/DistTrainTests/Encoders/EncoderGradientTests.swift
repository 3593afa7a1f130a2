import DistTrain
import Testing

/// The whole way from an encoder's parameters to both losses against central differences.
@Suite struct EncoderGradientTests {
  private static let speakers = [0, 0, 1, 1, 2]
  private static let objectives = BatchObjectives(
    AdditiveAngularMarginSoftmax(form: .additiveAngularMargin, scale: 8),
    SupervisedContrastiveLoss(
      temperature: 0.2, margin: AngularMargin(form: .angle, value: 0.2), denominator: .margined,
      // Attention passes its gradient on: the loss's derivative is the whole one.
      attention: ClassAwareAttention(mode: .weight, scale: 4, stopGradient: false)), speakers: 3)

  private static func encoder(_ arrangement: ECAPATDNN.Arrangement = .wespeaker) -> ECAPATDNN {
    var sizes = ECAPATDNN.Sizes()
    sizes.bins = 6
    sizes.channels = 16
    sizes.embedding = 5
    sizes.aggregation = 12
    sizes.squeezeBottleneck = 4
    sizes.attentionBottleneck = 4
    return ECAPATDNN(sizes, arrangement: arrangement)
  }

  @Test(arguments: [ForwardPass.Mode.training, .inference], ECAPATDNN.Arrangement.allCases)
  func `both losses' gradients of every parameter equal central differences`(
    mode: ForwardPass.Mode, arrangement: ECAPATDNN.Arrangement
  ) {
    let encoder = Self.encoder(arrangement)
    let layout = encoder.layout
    let parameters = Matrix(rows: 1, columns: layout.parameters.count)
    let statistics = Matrix(rows: 1, columns: layout.statistics.count)
    layout.parameters.initialise(parameters.pointer, seed: 9)
    layout.statistics.initialise(statistics.pointer, seed: 9)
    // Most ReLUs pass: each that changes sides within a step bends the difference, and thirty layers multiply it.
    for parameter in layout.parameters.parameters where parameter.name.contains("conv") && parameter.shape.count == 1 {
      for element in parameter.range { parameters.pointer[element] += 2 }
    }
    let features = LayerProbe.normal(6, Self.speakers.count * 9, item: 20)
    let prototypes = LayerProbe.normal(3, 5, item: 21)

    func forward() -> (BatchObjectives.Losses, ECAPATDNN.Cache) {
      let (embeddings, cache) = encoder.forward(
        features, utterances: Self.speakers.count,
        ForwardPass(mode: mode, parameters: parameters, statistics: statistics))
      return (Self.objectives.evaluate(embeddings, speakers: Self.speakers, prototypes: prototypes), cache)
    }

    let (outcome, cache) = forward()
    let buffers = (1...2).map { _ in Matrix.zeros(rows: 1, columns: layout.parameters.count) }
    encoder.backward(
      outcome.gradients, cache: cache,
      BackwardPass(parameters: parameters, gradients: buffers))
    for objective in 0...1 {
      for parameter in layout.parameters.parameters {
        expectGradient(
          buffers[objective].pointer + parameter.offset, of: "\(parameter.name), objective \(objective)",
          by: parameters.pointer + parameter.offset, count: parameter.count, step: 0.01, within: 5e-2, floor: 4e-3,
          atMost: 8
        ) { forward().0.values[objective] }
      }
    }
    let gradient = outcome.prototypeGradient(of: prototypes)
    withExtendedLifetime(gradient) {
      expectGradient(
        gradient.pointer, of: "prototypes", by: prototypes.pointer, count: prototypes.count, step: 0.02, within: 1e-3
      ) { forward().0.values[0] }
    }
  }

  @Test(arguments: ECAPATDNN.Arrangement.allCases)
  func `gradients that the pass calls final stay as they are`(arrangement: ECAPATDNN.Arrangement) {
    let encoder = Self.encoder(arrangement)
    let count = encoder.layout.parameters.count
    let parameters = Matrix(rows: 1, columns: count)
    let statistics = Matrix(rows: 1, columns: encoder.layout.statistics.count)
    encoder.layout.parameters.initialise(parameters.pointer, seed: 9)
    encoder.layout.statistics.initialise(statistics.pointer, seed: 9)
    let (_, cache) = encoder.forward(
      LayerProbe.normal(6, 4 * 9, item: 24), utterances: 4,
      ForwardPass(mode: .training, parameters: parameters, statistics: statistics))
    let buffers = (1...2).map { _ in Matrix.zeros(rows: 1, columns: count) }
    var seen: [(offset: Int, gradients: [[Float]])] = []
    encoder.backward(
      [LayerProbe.normal(4, 5, item: 25), LayerProbe.normal(4, 5, item: 26)], cache: cache,
      BackwardPass(
        parameters: parameters, gradients: buffers,
        finished: { offset in seen.append((offset, buffers.map { Array($0.elements[offset...]) })) }))
    for (offset, gradients) in seen {
      #expect(gradients == buffers.map { Array($0.elements[offset...]) }, "from \(offset)")
    }
    #expect(seen.map(\.offset) == seen.map(\.offset).sorted(by: >))
    // The first block's parameters come after the entry's, and most of an encoder is final by then.
    #expect(seen.count >= 6 && seen.last?.offset == encoder.layout.parameters.parameters[4].offset)
  }

  @Test(arguments: [(1, 1), (1, 7), (4, 1)])
  func `one utterance, one frame, or both, have defined embeddings and gradients`(
    shape: (utterances: Int, frames: Int)
  ) {
    let encoder = Self.encoder()
    let parameters = Matrix(rows: 1, columns: encoder.layout.parameters.count)
    let statistics = Matrix(rows: 1, columns: encoder.layout.statistics.count)
    encoder.layout.parameters.initialise(parameters.pointer, seed: 9)
    encoder.layout.statistics.initialise(statistics.pointer, seed: 9)
    let features = LayerProbe.normal(6, shape.utterances * shape.frames, item: 22)
    for mode in [ForwardPass.Mode.inference, .training] {
      let (embeddings, cache) = encoder.forward(
        features, utterances: shape.utterances,
        ForwardPass(mode: mode, parameters: parameters, statistics: statistics))
      let buffer = Matrix.zeros(rows: 1, columns: encoder.layout.parameters.count)
      encoder.backward(
        [LayerProbe.normal(shape.utterances, 5, item: 23)], cache: cache,
        BackwardPass(parameters: parameters, gradients: [buffer]))
      #expect(embeddings.values.allSatisfy { $0.isFinite })
      #expect(buffer.values.allSatisfy { $0.isFinite })
      #expect(statistics.values.allSatisfy { $0.isFinite })
    }
  }
}
