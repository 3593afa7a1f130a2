import DistTrain
import TestTools
import Testing

@Suite struct ReDimNet2Tests {
  /// Two stages, which make four lines of eight and halve the frames twice. Of fewer channels, a normalisation over
  /// them would be next to a step.
  private static func sizes(channels: Int = 6, keepsHeight: Bool = true) -> ReDimNet2.Sizes {
    var sizes = ReDimNet2.Sizes()
    (sizes.bins, sizes.channels, sizes.outputs, sizes.keepsHeight) = (8, channels, 3, keepsHeight)
    sizes.stages = [
      ReDimNet2.Sizes.Stage(frames: 2, blocks: 1, expansion: 1.5, reduction: 4),
      ReDimNet2.Sizes.Stage(height: 2, frames: 2, blocks: 1, reduction: 4),
    ]
    (sizes.attentionBottleneck, sizes.embedding) = (3, 5)
    return sizes
  }

  /// As many as wespeaker's classes have in all, the numbers among them that are stored but not trained.
  @Test(
    arguments: zip(
      ReDimNet2.Size.allCases,
      [1_115_220, 1_254_992, 2_530_208, 2_364_712, 6_659_744, 7_900_456, 12_394_784]))
  func `has wespeaker's number of parameters`(size: ReDimNet2.Size, count: Int) {
    #expect(ReDimNet2(ReDimNet2.Sizes(size)).layout.parameters.count == count)
  }

  @Test func `parameters and statistics have wespeaker's names and shapes`() {
    let layout = ReDimNet2(ReDimNet2.Sizes(.b0)).layout
    let shapes = Dictionary(uniqueKeysWithValues: layout.parameters.parameters.map { ($0.name, $0.shape) })
    #expect(shapes["backbone.stem.0.weight"] == [12, 1, 3, 3] && shapes["backbone.stem.0.bias"] == [12])
    #expect(shapes["backbone.stem.1.weight"] == [12] && shapes["backbone.stem.1.bias"] == [12])
    #expect(shapes["backbone.stage0.0.w"] == [1, 1, 864, 1] && shapes["backbone.stage5.0.w"] == [1, 6, 864, 1])
    #expect(shapes["backbone.stage0.2.weight"] == [24, 1, 1, 1] && shapes["backbone.stage3.2.bias"] == [48])
    #expect(
      shapes["backbone.stage3.2.weight"] == [48, 1, 2, 2] && shapes["backbone.stage5.2.weight"] == [96, 1, 2, 4])
    #expect(shapes["backbone.stage0.4.conv_block.conv1.weight"] == [24, 1, 3, 3])
    #expect(shapes["backbone.stage5.5.conv_block.conv2pw.weight"] == [96, 96, 1, 1])
    #expect(shapes["backbone.stage5.5.conv_block.bn2.bias"] == [96])
    #expect(shapes["backbone.stage0.5.0.weight"] == [12, 24, 1, 1] && shapes["backbone.stage0.5.1.bias"] == [12])
    #expect(shapes["backbone.stage1.6.0.weight"] == nil)
    #expect(shapes["backbone.stage0.7.red_dim_conv.0.weight"] == [24, 864, 1])
    #expect(shapes["backbone.stage1.7.red_dim_conv.1.weight"] == [24])
    #expect(shapes["backbone.stage5.7.tcm.3.dwconvs.0.weight"] == [48, 1, 59])
    #expect(shapes["backbone.stage5.7.tcm.3.norm.weight"] == [48])
    #expect(shapes["backbone.stage5.7.tcm.0.pwconv1.weight"] == [48, 48, 1])
    #expect(shapes["backbone.stage5.7.tcm.4.attention.q_proj.weight"] == [48, 48])
    #expect(shapes["backbone.stage5.7.tcm.4.feed_forward.output_dense.bias"] == [48])
    #expect(shapes["backbone.stage5.7.exp_dim_conv.weight"] == [864, 48, 1])
    #expect(shapes["backbone.fin_wght1d.w"] == [1, 7, 864, 1] && shapes["backbone.head.weight"] == [64, 96, 1, 1])
    #expect(shapes["pool.linear1.weight"] == [128, 1728, 1] && shapes["pool.linear2.weight"] == [576, 128, 1])
    #expect(shapes["bn.weight"] == [1152] && shapes["linear.weight"] == [192, 1152])
    let statistics = layout.statistics.parameters.map(\.name)
    #expect(statistics.contains("backbone.stage5.7.tcm.3.norm.running_var") && statistics.contains("bn.running_mean"))
    #expect(statistics.contains("backbone.stage0.5.1.running_mean"))
    // Two in each of 21 blocks, four in each stage's block over time, one behind the first stage's blocks, one at the
    // end.
    #expect(statistics.count == 2 * (2 * 21 + 6 * 4 + 1 + 1))
  }

  @Test func `a head of all rows has wespeaker's shapes, and one of none is absent`() {
    func shapes(_ size: ReDimNet2.Size) -> [String: [Int]] {
      let parameters = ReDimNet2(ReDimNet2.Sizes(size)).layout.parameters.parameters
      return Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0.shape) })
    }
    let (b2, b4, b6) = (shapes(.b2), shapes(.b4), shapes(.b6))
    #expect(b2["backbone.head.weight"] == [64, 1440, 1] && b2["pool.linear1.weight"] == [128, 192, 1])
    #expect(b2["backbone.stage3.2.weight"] == [120, 1, 3, 2])
    #expect(b4["backbone.head.weight"] == nil && b4["pool.linear2.weight"] == [2304, 128, 1])
    #expect(b4["backbone.stage1.2.weight"] == [192, 1, 2, 1])
    #expect(b6["backbone.stage4.2.weight"] == [192, 4, 1, 4] && b6["backbone.stage5.6.0.weight"] == [512, 256, 1, 1])
    #expect(b6["backbone.head.weight"] == [224, 512, 1, 1])
  }

  @Test func `weights decay, biases and normalisations don't`() {
    for parameter in ReDimNet2(ReDimNet2.Sizes()).layout.parameters.parameters {
      #expect(parameter.decays == (parameter.shape.count > 1), "\(parameter.name)")
    }
  }

  @Test func `with another number of bins, heads have equally many channels each`() {
    var sizes = ReDimNet2.Sizes(.b0)
    sizes.bins = 80
    let shapes = ReDimNet2(sizes).layout.parameters.parameters
    // 960 rows by 36 are 26.
    #expect(shapes.first { $0.name == "backbone.stage0.7.red_dim_conv.0.weight" }?.shape == [24, 960, 1])
  }

  @Test(arguments: [ForwardPass.Mode.training, .inference], [false, true])
  func `the gradient of every parameter equals central differences`(mode: ForwardPass.Mode, keepsHeight: Bool) {
    let sizes = Self.sizes(keepsHeight: keepsHeight)
    EncoderProbe(ReDimNet2(sizes), utterances: 4, frames: 18, lift: 3) { $0.contains("conv1pw") || $0.contains("bn2") }
      .expectGradients(mode, step: 0.003, within: 5e-2, floor: 5e-3, atMost: 4)
  }

  @Test func `the bits don't depend on the number of threads`() {
    let sizes = Self.sizes(channels: 12)
    EncoderProbe.expectSameBits { EncoderProbe(ReDimNet2(sizes), utterances: 5, frames: 61) }
  }

  @Test(arguments: [(1, 4), (1, 9), (4, 4)])
  func `one utterance, the fewest frames, or both, have defined embeddings and gradients`(
    shape: (utterances: Int, frames: Int)
  ) {
    EncoderProbe(ReDimNet2(Self.sizes()), utterances: shape.utterances, frames: shape.frames).expectFinite()
  }

  @Test func `an utterance's embedding does not depend on those beside it, other than in training`() {
    EncoderProbe(ReDimNet2(Self.sizes()), utterances: 3, frames: 23).expectIndependence()
  }

  @Test(arguments: [["encoder.size=b0"], ["encoder.size=b1", "weighting.space=representation"]])
  func `it trains, on two ranks as on one, and its embeddings are extracted`(settings: [String]) throws {
    let noise = try NoiseCorpus()
    let own = ["encoder={type: redimnet2, embedding: 8}", "features.bins=8"]
    let extractor = try expectTraining(noise.configuration(own + settings), on: noise)
    // 880 samples are four frames.
    _ = try extractor.embedding(of: NoiseCorpus.noise(speaker: 0, utterance: 0, seconds: 0.055), name: "least")
    let short = NoiseCorpus.noise(speaker: 0, utterance: 0, seconds: 0.05)
    let refusal = failure { _ = try extractor.embedding(of: short, name: "short") }
    #expect(
      refusal?.message
        == "short: 800 samples at 16 kHz are too short for this encoder, which takes 4 frames (880 samples) or more")
  }
}
