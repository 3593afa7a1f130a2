import DistTrain
import TestTools
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

  /// Twice the statistics are half of them, with the attention of 256 units and the prior instead.
  @Test func `with the pooling of xi-vectors it has wespeaker's parameters`() {
    var sizes = XVector.Sizes()
    sizes.pooling = .xi
    let layout = XVector(sizes).layout
    let attention = 2 * 1500 + 1500 * 256 + 256 + 2 * 256 + 256 * 1500 + 1500
    #expect(layout.parameters.count == 4_610_524 - 1500 * 512 + attention)
    let own = layout.parameters.parameters.filter { $0.name.hasPrefix("pool.") }
    #expect(
      own.map(\.name) == [
        "pool.prior_mean", "pool.prior_logprec", "pool.lin1_relu_bn.0.weight", "pool.lin1_relu_bn.0.bias",
        "pool.lin1_relu_bn.2.weight", "pool.lin1_relu_bn.2.bias", "pool.lin2.weight", "pool.lin2.bias",
      ])
    #expect(
      own.map(\.shape) == [[1, 1500], [1, 1500], [256, 1500, 1], [256], [256], [256], [1500, 256, 1], [1500]])
    #expect(layout.statistics.parameters.contains { $0.name == "pool.lin1_relu_bn.2.running_var" })
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
    EncoderProbe(XVector(Self.sizes()), utterances: 4, frames: 21, item: 42)
      .expectGradients(mode, step: 0.005, within: 5e-2, floor: 4e-3, atMost: 8)
  }

  @Test func `the bits don't depend on the number of threads`() {
    let sizes = Self.sizes(channels: 100, statistics: 40)
    EncoderProbe.expectSameBits { EncoderProbe(XVector(sizes), utterances: 5, frames: 300) }
  }

  @Test(arguments: [(1, 15), (1, 21), (4, 15)])
  func `one utterance, the fewest frames, or both, have defined embeddings and gradients`(
    shape: (utterances: Int, frames: Int)
  ) {
    EncoderProbe(XVector(Self.sizes()), utterances: shape.utterances, frames: shape.frames).expectFinite()
  }

  @Test func `an utterance's embedding does not depend on those beside it, other than in training`() {
    EncoderProbe(XVector(Self.sizes()), utterances: 3, frames: 23).expectIndependence()
  }

  @Test(arguments: [[], ["weighting.space=representation"], ["encoder.pooling=xi"]] as [[String]])
  func `it trains, on two ranks as on one, and its embeddings are extracted`(settings: [String]) throws {
    let noise = try NoiseCorpus()
    let own = "encoder={type: x-vector, channels: 6, statistics: 10, embedding: 8}"
    let extractor = try expectTraining(noise.configuration([own] + settings), on: noise)
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
}
