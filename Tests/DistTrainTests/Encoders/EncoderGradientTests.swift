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

    func forward() -> (BatchObjectives.Losses, Pullback) {
      let (embeddings, pullback) = encoder.encode(
        features, utterances: Self.speakers.count,
        ForwardPass(mode: mode, parameters: parameters, statistics: statistics))
      return (Self.objectives.evaluate(embeddings, speakers: Self.speakers, prototypes: prototypes), pullback)
    }

    let (outcome, pullback) = forward()
    let buffers = (1...2).map { _ in Matrix.zeros(rows: 1, columns: layout.parameters.count) }
    pullback(outcome.gradients, BackwardPass(parameters: parameters, gradients: buffers))
    for objective in 0...1 {
      for parameter in layout.parameters.parameters {
        expectGradient(
          buffers[objective].values[parameter.range], of: "\(parameter.name), objective \(objective)", by: parameters,
          parameter.range, step: 0.01, within: 5e-2, floor: 4e-3, atMost: 8
        ) { forward().0.values[objective] }
      }
    }
    expectGradient(
      outcome.prototypeGradient(of: prototypes).values, of: "prototypes", by: prototypes, step: 0.02, within: 1e-3
    ) { forward().0.values[0] }
  }

  /// Every known type at its smallest sizes, with each choice of its settings, and one of one's own.
  private static let encoders: [any Encoder] =
    [PlainEncoder(bins: 6, dimensions: 5, width: 7)]
    + EncoderArchitecture.known.flatMap { type in
      let choices = type.settings.flatMap { setting -> [(String, EncoderSetting.Value)] in
        switch setting.allowed {
        case .numbers: []
        case .someNumbers(let numbers): numbers.map { (setting.name, .number($0)) }
        case .truths: [false, true].map { (setting.name, .truth($0)) }
        case .choices(let names): names.map { (setting.name, .choice($0)) }
        }
      }
      var smallest = type.defaults
      for setting in type.settings {
        guard case .numbers(let range, let factor) = setting.allowed else { continue }
        smallest[setting.name] = .number(max(range.lowerBound, 2 * factor))
      }
      let all = choices.isEmpty ? [smallest] : choices.map { name, value in smallest.merging([name: value]) { $1 } }
      return all.map { own in
        let factor = type.binsFactor(own)
        return type.encoder(own, bins: (6 + factor - 1) / factor * factor, dimensions: 5)
      }
    }

  @Test(arguments: encoders.indices)
  func `gradients that the pass calls final stay as they are, and all are on the way`(index: Int) {
    let encoder = Self.encoders[index]
    let count = encoder.layout.parameters.count
    let parameters = Matrix(rows: 1, columns: count)
    let statistics = Matrix(rows: 1, columns: encoder.layout.statistics.count)
    encoder.layout.parameters.initialise(parameters.pointer, seed: 9)
    encoder.layout.statistics.initialise(statistics.pointer, seed: 9)
    let (_, pullback) = encoder.encode(
      LayerProbe.normal(encoder.bins, 4 * max(9, encoder.minimumFrames), item: 24), utterances: 4,
      ForwardPass(mode: .training, parameters: parameters, statistics: statistics))
    let buffers = (1...2).map { _ in Matrix.zeros(rows: 1, columns: count) }
    let final = FinalGradients(encoder.layout, buffers)
    pullback(
      [LayerProbe.normal(4, 5, item: 25), LayerProbe.normal(4, 5, item: 26)],
      BackwardPass(parameters: parameters, gradients: buffers, finished: final.note))
    final.check()
    // Layer after layer, each as soon as it is done.
    #expect(final.count >= encoder.layout.parameters.parameters.count / 3)
  }

  @Test func `a gradient that is called final before it is does not pass unseen`() {
    var layout = EncoderLayout()
    let layers = (0..<2).map { Linear("\($0)", inputs: 3, outputs: 3, layout: &layout) }
    let parameters = LayerProbe.normal(1, layout.parameters.count, item: 27)
    let buffers = [Matrix.zeros(rows: 1, columns: layout.parameters.count)]
    let final = FinalGradients(layout, buffers)
    let pass = BackwardPass(parameters: parameters, gradients: buffers, finished: final.note).through(layout)
    let gradient = LayerProbe.normal(3, 4, item: 28)
    layers[1].backward(gradient.view, cache: gradient.view, into: nil, pass)
    #expect(final.early.isEmpty)
    // The first layer's are still to come.
    final.note(0)
    #expect(final.early.isEmpty)
    layers[0].backward(gradient.view, cache: gradient.view, into: nil, pass)
    #expect(final.early == [0])
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
      let (embeddings, pullback) = encoder.encode(
        features, utterances: shape.utterances,
        ForwardPass(mode: mode, parameters: parameters, statistics: statistics))
      let buffer = Matrix.zeros(rows: 1, columns: encoder.layout.parameters.count)
      pullback(
        [LayerProbe.normal(shape.utterances, 5, item: 23)], BackwardPass(parameters: parameters, gradients: [buffer]))
      #expect(embeddings.values.allSatisfy { $0.isFinite })
      #expect(buffer.values.allSatisfy { $0.isFinite })
      #expect(statistics.values.allSatisfy { $0.isFinite })
    }
  }
}
