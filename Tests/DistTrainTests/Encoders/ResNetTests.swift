import DistTrain
import Foundation
import Synchronization
import Testing

@Suite struct ResNetTests {
  private static func sizes(_ depth: ResNet.Depth, channels: Int = 2, twoLayers: Bool = false) -> ResNet.Sizes {
    var sizes = ResNet.Sizes()
    (sizes.bins, sizes.depth, sizes.channels, sizes.embedding) = (6, depth, channels, 5)
    sizes.twoLayers = twoLayers
    return sizes
  }

  @Test(
    arguments: [
      (.layers18, 4_105_440), (.layers34, 6_634_336), (.layers50, 11_131_360), (.layers101, 15_892_448),
      (.layers152, 19_814_880), (.layers221, 23_792_224), (.layers293, 28_626_016),
    ] as [(ResNet.Depth, Int)])
  func `has wespeaker's number of parameters`(depth: ResNet.Depth, count: Int) {
    var sizes = ResNet.Sizes()
    sizes.depth = depth
    #expect(ResNet(sizes).layout.parameters.count == count)
    sizes.twoLayers = true
    #expect(ResNet(sizes).layout.parameters.count == count + 257 * 256)
  }

  @Test func `wider embeddings have wespeaker's number of parameters`() {
    var sizes = ResNet.Sizes()
    sizes.embedding = 512
    #expect(ResNet(sizes).layout.parameters.count == 7_945_312)
    sizes.twoLayers = true
    #expect(ResNet(sizes).layout.parameters.count == 8_207_968)
  }

  @Test func `parameters and statistics have wespeaker's names and shapes`() {
    var sizes = ResNet.Sizes()
    sizes.twoLayers = true
    let layout = ResNet(sizes).layout
    let shapes = Dictionary(uniqueKeysWithValues: layout.parameters.parameters.map { ($0.name, $0.shape) })
    #expect(shapes["conv1.weight"] == [32, 1, 3, 3] && shapes["bn1.bias"] == [32])
    #expect(shapes["layer1.0.conv2.weight"] == [32, 32, 3, 3] && shapes["layer1.0.shortcut.0.weight"] == nil)
    #expect(
      shapes["layer2.0.conv1.weight"] == [64, 32, 3, 3] && shapes["layer2.0.shortcut.0.weight"] == [64, 32, 1, 1])
    #expect(shapes["layer4.2.bn2.weight"] == [256] && shapes["layer4.0.shortcut.1.weight"] == [256])
    #expect(shapes["seg_1.weight"] == [256, 5120] && shapes["seg_2.weight"] == [256, 256])
    #expect(shapes["seg_bn_1.weight"] == nil)
    let statistics = layout.statistics.parameters.map(\.name)
    #expect(statistics.contains("layer3.5.bn2.running_var") && statistics.contains("seg_bn_1.running_mean"))
    sizes.depth = .layers50
    let deep = Dictionary(uniqueKeysWithValues: ResNet(sizes).layout.parameters.parameters.map { ($0.name, $0.shape) })
    #expect(deep["layer1.0.conv3.weight"] == [128, 32, 1, 1] && deep["layer1.0.shortcut.0.weight"] == [128, 32, 1, 1])
    #expect(deep["layer4.2.conv1.weight"] == [256, 1024, 1, 1] && deep["seg_1.weight"] == [256, 20_480])
  }

  /// Heights of 6 bins halve to 3, 2 and 1; 17 frames to 9, 5 and 3. Of deeper networks single precision leaves no
  /// differences to compare with: golden values tell their gradients.
  @Test(arguments: [ForwardPass.Mode.training, .inference])
  func `the gradient of every parameter equals central differences`(mode: ForwardPass.Mode) {
    let setup = Setup(Self.sizes(.layers18), utterances: 4, frames: 17)
    let weights = LayerProbe.normal(4, 5, item: 33)
    let (_, pullback) = setup.forward(mode)
    let buffer = Matrix.zeros(rows: 1, columns: setup.parameters.columns)
    pullback([weights], BackwardPass(parameters: setup.parameters, gradients: [buffer]))
    for parameter in setup.encoder.layout.parameters.parameters {
      expectGradient(
        buffer.values[parameter.range], of: parameter.name, by: setup.parameters, parameter.range, step: 0.005,
        within: 5e-2, floor: 4e-3, atMost: 4
      ) {
        let embeddings = setup.forward(mode).embeddings
        return zip(embeddings.elements, weights.elements).reduce(0) { $0 + Double($1.0) * Double($1.1) }
      }
    }
  }

  @Test(arguments: [.layers18, .layers50] as [ResNet.Depth])
  func `the bits don't depend on the number of threads`(depth: ResNet.Depth) {
    let setup = Setup(Self.sizes(depth, channels: 12), utterances: 5, frames: 50)
    ThreadTeam.shared.grow(to: 3)
    @Sendable func run() -> [[Float]] {
      let own = Setup(setup.sizes, utterances: 5, frames: 50)
      let (embeddings, pullback) = own.forward(.training)
      let buffers = (0...1).map { _ in Matrix.zeros(rows: 1, columns: own.parameters.columns) }
      pullback(
        (0...1).map { LayerProbe.normal(5, 5, item: 34 + $0) },
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

  @Test(arguments: [(1, 1), (1, 9), (4, 1)])
  func `one utterance, one frame, or both, have defined embeddings and gradients`(
    shape: (utterances: Int, frames: Int)
  ) {
    for mode in [ForwardPass.Mode.inference, .training] {
      let setup = Setup(Self.sizes(.layers18), utterances: shape.utterances, frames: shape.frames)
      let (embeddings, pullback) = setup.forward(mode)
      let buffer = Matrix.zeros(rows: 1, columns: setup.parameters.columns)
      pullback(
        [LayerProbe.normal(shape.utterances, 5, item: 35)],
        BackwardPass(parameters: setup.parameters, gradients: [buffer]))
      #expect(embeddings.values.allSatisfy { $0.isFinite } && buffer.values.allSatisfy { $0.isFinite })
      #expect(setup.statistics.values.allSatisfy { $0.isFinite })
    }
  }

  @Test func `an utterance's embedding does not depend on those beside it, other than in training`() {
    let setup = Setup(Self.sizes(.layers18, channels: 3), utterances: 3, frames: 21)
    let whole = setup.forward(.inference).embeddings
    for utterance in 0..<3 {
      let own = setup.embedding(of: utterance)
      #expect((0..<5).map { own[0, $0] } == (0..<5).map { whole[utterance, $0] })
    }
    #expect(Set((0..<3).map { whole[$0, 0] }).count == 3)
  }

  private static let settings = [["encoder.depth=18"], ["encoder.depth=50", "encoder.twoLayers=true"]]

  private func configuration(_ noise: NoiseCorpus, _ settings: [String]) throws -> Configuration {
    try noise.configuration(["encoder={type: resnet, channels: 2, embedding: 8}"] + settings)
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
  }

  /// An encoder with the biases of its normalisations raised, so that most ReLUs pass: each that changes sides within a
  /// step bends a difference.
  private struct Setup: Sendable {
    let sizes: ResNet.Sizes
    let encoder: ResNet
    let parameters: Matrix
    let statistics: Matrix
    private let features: Matrix
    private let utterances: Int

    init(_ sizes: ResNet.Sizes, utterances: Int, frames: Int) {
      self.sizes = sizes
      self.utterances = utterances
      encoder = ResNet(sizes)
      parameters = Matrix(rows: 1, columns: encoder.layout.parameters.count)
      statistics = Matrix(rows: 1, columns: encoder.layout.statistics.count)
      encoder.layout.parameters.initialise(parameters.pointer, seed: 9)
      encoder.layout.statistics.initialise(statistics.pointer, seed: 9)
      for parameter in encoder.layout.parameters.parameters where parameter.name.hasSuffix("bias") {
        for element in parameter.range { parameters.pointer[element] += 4 }
      }
      features = LayerProbe.normal(sizes.bins, utterances * frames, item: 32)
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
