import DistTrain
import Foundation
import Synchronization
import Testing

@Suite struct XVectorTests {
  private static func sizes(channels: Int = 5, statistics: Int = 7) -> XVector.Sizes {
    var sizes = XVector.Sizes()
    (sizes.bins, sizes.channels, sizes.statistics, sizes.embedding) = (6, channels, statistics, 5)
    return sizes
  }

  @Test func `has wespeaker's number of parameters`() {
    var sizes = XVector.Sizes()
    #expect(XVector(sizes).layout.parameters.count == 4_610_524)
    sizes.bins = 40
    #expect(XVector(sizes).layout.parameters.count == 4_508_124)
    (sizes.bins, sizes.channels, sizes.statistics, sizes.embedding) = (80, 256, 600, 192)
    #expect(XVector(sizes).layout.parameters.count == 984_024)
  }

  @Test func `parameters and statistics have wespeaker's names, shapes and order`() {
    let layout = XVector(XVector.Sizes()).layout
    let weights: [(String, [Int])] = [
      ("frame_1.conv_1d", [512, 80, 5]), ("frame_2.conv_1d", [512, 512, 3]), ("frame_3.conv_1d", [512, 512, 3]),
      ("frame_4.conv_1d", [512, 512, 1]), ("frame_5.conv_1d", [1500, 512, 1]), ("seg_1", [512, 3000]),
      ("seg_2", [512, 512]),
    ]
    let expected = weights.flatMap { name, shape in [("\(name).weight", shape), ("\(name).bias", [shape[0]])] }
    let parameters = layout.parameters.parameters
    #expect(parameters.map(\.name) == expected.map { $0.0 })
    #expect(parameters.map(\.shape) == expected.map { $0.1 })
    let normalized = (1...5).map { ("frame_\($0).bn", $0 == 5 ? 1500 : 512) } + [("seg_bn_1", 512)]
    let statistics = normalized.flatMap { name, channels in
      [("\(name).running_mean", [channels]), ("\(name).running_var", [channels])]
    }
    #expect(layout.statistics.parameters.map(\.name) == statistics.map { $0.0 })
    #expect(layout.statistics.parameters.map(\.shape) == statistics.map { $0.1 })
  }

  /// PyTorch's default.
  @Test func `weights and biases start within one over the root of the weight's inputs, and weights decay`() {
    let layout = XVector(Self.sizes(channels: 12, statistics: 20)).layout.parameters
    let values = Matrix(rows: 1, columns: layout.count)
    layout.initialise(values.pointer, seed: 1)
    var bound = Float.nan
    for parameter in layout.parameters {
      // A bias follows its weight.
      if parameter.shape.count > 1 { bound = 1 / Float(parameter.shape.dropFirst().reduce(1, *)).squareRoot() }
      let largest = values.values[parameter.range].map(abs).max() ?? 0
      #expect(largest <= bound && largest > 0.2 * bound, "\(parameter.name)")
      #expect(parameter.decays == parameter.name.hasSuffix(".weight"), "\(parameter.name)")
    }
  }

  @Test func `each layer over frames loses those that its kernel reaches`() {
    let encoder = XVector(Self.sizes())
    #expect(encoder.lostFrames == [0, 4, 8, 14, 14, 14])
    #expect(encoder.minimumFrames == 15 && encoder.frameStride == 1)
  }

  /// 21 frames are 7 for the last layers.
  @Test(arguments: [ForwardPass.Mode.training, .inference])
  func `the gradient of every parameter equals central differences`(mode: ForwardPass.Mode) {
    let setup = Setup(Self.sizes(), utterances: 4, frames: 21)
    let weights = LayerProbe.normal(4, 5, item: 43)
    let (_, pullback) = setup.forward(mode)
    let buffer = Matrix.zeros(rows: 1, columns: setup.parameters.columns)
    pullback([weights], BackwardPass(parameters: setup.parameters, gradients: [buffer]))
    for parameter in setup.encoder.layout.parameters.parameters {
      expectGradient(
        buffer.values[parameter.range], of: parameter.name, by: setup.parameters, parameter.range, step: 0.005,
        within: 5e-2, floor: 4e-3, atMost: 8
      ) {
        let embeddings = setup.forward(mode).embeddings
        return zip(embeddings.elements, weights.elements).reduce(0) { $0 + Double($1.0) * Double($1.1) }
      }
    }
  }

  @Test func `the bits don't depend on the number of threads`() {
    let sizes = Self.sizes(channels: 100, statistics: 40)
    ThreadTeam.shared.grow(to: 3)
    @Sendable func run() -> [[Float]] {
      let own = Setup(sizes, utterances: 5, frames: 300)
      let (embeddings, pullback) = own.forward(.training)
      let buffers = (0...1).map { _ in Matrix.zeros(rows: 1, columns: own.parameters.columns) }
      pullback(
        (0...1).map { LayerProbe.normal(5, 5, item: 44 + $0) },
        BackwardPass(
          parameters: own.parameters, gradients: buffers.map { [$0] },
          units: BatchUnits(sizes: [2, 2, 1], nodes: [0..<3])))
      return [embeddings.values, own.statistics.values] + buffers.map(\.values)
    }
    let together = run()
    // Within a loop of the team an encoder is its thread's alone.
    let loop = Mutex<[[Float]]>([])
    ThreadTeam.shared.run(2) { index in if index == 0 { loop.withLock { $0 = run() } } }
    #expect(together == loop.withLock { $0 })
  }

  @Test(arguments: [(1, 15), (1, 21), (4, 15)])
  func `one utterance, the fewest frames, or both, have defined embeddings and gradients`(
    shape: (utterances: Int, frames: Int)
  ) {
    for mode in [ForwardPass.Mode.inference, .training] {
      let setup = Setup(Self.sizes(), utterances: shape.utterances, frames: shape.frames)
      let (embeddings, pullback) = setup.forward(mode)
      let buffer = Matrix.zeros(rows: 1, columns: setup.parameters.columns)
      pullback(
        [LayerProbe.normal(shape.utterances, 5, item: 45)],
        BackwardPass(parameters: setup.parameters, gradients: [buffer]))
      #expect(embeddings.values.allSatisfy { $0.isFinite } && buffer.values.allSatisfy { $0.isFinite })
      #expect(setup.statistics.values.allSatisfy { $0.isFinite })
    }
  }

  @Test func `an utterance's embedding does not depend on those beside it, other than in training`() {
    let setup = Setup(Self.sizes(), utterances: 3, frames: 23)
    let whole = setup.forward(.inference).embeddings
    for utterance in 0..<3 {
      let own = setup.embedding(of: utterance)
      #expect((0..<5).map { own[0, $0] } == (0..<5).map { whole[utterance, $0] })
    }
    #expect(Set((0..<3).map { whole[$0, 0] }).count == 3)
  }

  private static let settings: [[String]] = [[], ["weighting.space=representation"]]

  private func configuration(_ noise: NoiseCorpus, _ settings: [String]) throws -> Configuration {
    try noise.configuration(["encoder={type: x-vector, channels: 6, statistics: 10, embedding: 8}"] + settings)
  }

  @Test(arguments: settings)
  func `it trains, on two ranks as on one, and its embeddings are extracted`(settings: [String]) throws {
    let noise = try NoiseCorpus()
    let configuration = try configuration(noise, settings)
    @Sendable func train(_ communicator: any Communicator) throws -> (losses: [Double], trainer: Trainer) {
      let trainer = Trainer(
        encoder: configuration.network, plan: try TrainingPlan(configuration, corpus: noise.corpus),
        communicator: communicator)
      return (try (0..<3).map { _ in try trainer.advance().metrics["classification"].loss }, trainer)
    }
    let alone = try train(SoleCommunicator())
    #expect(alone.losses.allSatisfy { $0.isFinite })
    let together = try ThreadCommunicator.run(ranks: 2) { try train($0).trainer.parameters.values }
    #expect(together.allSatisfy { $0 == alone.trainer.parameters.values })

    let extractor = EmbeddingExtractor(
      encoder: alone.trainer.encoder, frontEnd: configuration.features, parameters: alone.trainer.parameters,
      statistics: alone.trainer.statistics)
    let embeddings = try extractor.embeddings(of: noise.corpus.utterances, communicator: SoleCommunicator())
    #expect(embeddings.vectors.columns == 8 && embeddings.vectors.values.allSatisfy { $0.isFinite })
    // 2,640 samples are 15 frames.
    _ = try extractor.embedding(of: NoiseCorpus.noise(speaker: 0, utterance: 0, seconds: 0.165), name: "least")
    let short = NoiseCorpus.noise(speaker: 0, utterance: 0, seconds: 0.15)
    let refusal = failure { _ = try extractor.embedding(of: short, name: "short") }
    #expect(
      refusal?.message
        == "short: 2400 samples at 16 kHz are too short for this encoder, which takes 15 frames (2640 samples) or more")
  }

  @Test func `crops of fewer than 15 frames are refused`() throws {
    var configuration = Configuration()
    configuration.encoder.type = XVector.architecture
    let corpus = Corpus.synthetic([Int](repeating: 4, count: 20))
    configuration.crop.seconds = 2639.0 / 16_000
    let refusal = failure { _ = try TrainingPlan(configuration, corpus: corpus) }
    #expect(refusal?.kind == .usage)
    #expect(refusal?.message == "crop.seconds: 0.1649375 s are 14 frames, the encoder takes 15 or more")
    configuration.crop.seconds = 2640.0 / 16_000
    _ = try TrainingPlan(configuration, corpus: corpus)
  }

  /// An encoder with its biases raised, so that most ReLUs pass: each that changes sides within a step bends a
  /// difference.
  private struct Setup: Sendable {
    let encoder: XVector
    let parameters: Matrix
    let statistics: Matrix
    private let features: Matrix
    private let utterances: Int

    init(_ sizes: XVector.Sizes, utterances: Int, frames: Int) {
      self.utterances = utterances
      encoder = XVector(sizes)
      parameters = Matrix(rows: 1, columns: encoder.layout.parameters.count)
      statistics = Matrix(rows: 1, columns: encoder.layout.statistics.count)
      encoder.layout.parameters.initialise(parameters.pointer, seed: 9)
      encoder.layout.statistics.initialise(statistics.pointer, seed: 9)
      for parameter in encoder.layout.parameters.parameters where parameter.name.hasSuffix("bias") {
        for element in parameter.range { parameters.pointer[element] += 2 }
      }
      features = LayerProbe.normal(sizes.bins, utterances * frames, item: 42)
    }

    /// The embedding of an utterance alone.
    func embedding(of utterance: Int) -> Matrix {
      let frames = features.columns / utterances
      let own = Matrix(
        rows: features.rows, columns: frames,
        (0..<features.rows).flatMap { row in (0..<frames).map { features[row, utterance * frames + $0] } })
      let pass = ForwardPass(
        mode: .inference, parameters: parameters, statistics: statistics, keepsCaches: false)
      return encoder.encode(own, utterances: 1, pass).embeddings
    }

    func forward(_ mode: ForwardPass.Mode) -> (embeddings: Matrix, pullback: Pullback) {
      encoder.encode(
        features, utterances: utterances, ForwardPass(mode: mode, parameters: parameters, statistics: statistics))
    }
  }
}
