import DistTrain
import TestTools
import Testing

@Suite struct ReDimNetTests {
  /// Two stages, which make two lines of eight. The first has no block over time, but more channels than its map. Of
  /// fewer channels, a normalisation over them would be next to a step.
  private static func sizes(_ blocks: ReDimNet.Blocks, channels: Int = 6) -> ReDimNet.Sizes {
    var sizes = ReDimNet.Sizes()
    (sizes.bins, sizes.channels, sizes.blocks) = (8, channels, blocks)
    sizes.stages = [
      ReDimNet.Sizes.Stage(height: 2, blocks: 1, expansion: 2, reduction: nil),
      ReDimNet.Sizes.Stage(height: 2, blocks: 1, reduction: 6),
    ]
    (sizes.attentionBottleneck, sizes.embedding) = (3, 5)
    return sizes
  }

  private static let forms = [ReDimNet.Blocks.separable, .grouped(4)]

  /// As many as wespeaker's classes have in all, a number among them that is stored but not trained.
  @Test(arguments: zip(ReDimNet.Size.allCases, [1_001_851, 2_123_481, 4_888_241]))
  func `has wespeaker's number of parameters`(size: ReDimNet.Size, count: Int) {
    let network = ReDimNet(ReDimNet.Sizes(size))
    #expect(network.layout.parameters.count == count)
    #expect(network.minimumFrames == 1 && network.frameStride == 1)
  }

  private func shapes(_ size: ReDimNet.Size) -> [String: [Int]] {
    let parameters = ReDimNet(ReDimNet.Sizes(size)).layout.parameters.parameters
    return Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0.shape) })
  }

  @Test func `parameters and statistics have wespeaker's names and shapes`() {
    let shapes = shapes(.b0)
    #expect(shapes["backbone.stem.0.weight"] == [10, 1, 3, 3] && shapes["backbone.stem.0.bias"] == [10])
    #expect(shapes["backbone.stem.1.weight"] == [10] && shapes["backbone.stem.1.bias"] == [10])
    #expect(shapes["backbone.inputs_weights.0"] == [1, 1, 1, 1])
    #expect(shapes["backbone.inputs_weights.1"] == [1, 2, 600, 1])
    #expect(shapes["backbone.inputs_weights.5"] == [1, 6, 600, 1] && shapes["backbone.inputs_weights.6"] == nil)
    #expect(shapes["backbone.stage1.0.weight"] == [40, 10, 2, 1] && shapes["backbone.stage1.0.bias"] == [40])
    #expect(shapes["backbone.stage1.1.conv_block.conv1.weight"] == [40, 1, 3, 3])
    #expect(shapes["backbone.stage4.3.conv_block.conv2pw.weight"] == [40, 40, 1, 1])
    #expect(shapes["backbone.stage4.3.conv_block.bn2.bias"] == [40])
    #expect(shapes["backbone.stage2.4.0.weight"] == [20, 3, 3, 3] && shapes["backbone.stage2.4.0.bias"] == [20])
    #expect(shapes["backbone.stage2.4.1.weight"] == [20] && shapes["backbone.stage2.4.3.weight"] == [20, 20, 1, 1])
    #expect(shapes["backbone.stage0.3.0.weight"] == nil && shapes["backbone.stage4.4.0.weight"] == nil)
    #expect(shapes["backbone.stage0.4.red_dim_conv.0.weight"] == [20, 600, 1])
    #expect(shapes["backbone.stage1.6.red_dim_conv.1.weight"] == [20])
    #expect(shapes["backbone.stage4.5.tcm.3.dwconvs.0.weight"] == [60, 1, 59])
    #expect(shapes["backbone.stage4.5.tcm.0.pwconv1.weight"] == [60, 60, 1])
    #expect(shapes["backbone.stage4.5.exp_dim_conv.weight"] == [600, 60, 1])
    #expect(shapes["pool.linear1.weight"] == [128, 1800, 1] && shapes["pool.linear2.weight"] == [600, 128, 1])
    #expect(shapes["seg_1.weight"] == [192, 1200] && shapes["bn.weight"] == nil)
    let statistics = ReDimNet(ReDimNet.Sizes(.b0)).layout.statistics.parameters.map(\.name)
    #expect(statistics.contains("backbone.stage2.4.1.running_mean"))
    // Two in each of 15 blocks, four in each stage's block over time, one behind the blocks of three stages.
    #expect(statistics.count == 2 * (2 * 15 + 5 * 4 + 3))
  }

  @Test func `blocks of groups of channels have wespeaker's names and shapes, and some stages none over time`() {
    let (b1, b2) = (shapes(.b1), shapes(.b2))
    // Twelve channels are no two groups of eight.
    #expect(b1["backbone.stage0.1.conv_block.dwconvs.0.weight"] == [12, 12, 3, 3])
    #expect(b1["backbone.stage1.1.conv_block.dwconvs.0.weight"] == [24, 8, 3, 3])
    #expect(b1["backbone.stage4.1.conv_block.dwconvs.0.bias"] == [288])
    #expect(b1["backbone.stage2.4.conv_block.norm.weight"] == [72])
    #expect(b1["backbone.stage2.4.conv_block.pwconv1.weight"] == [72, 72, 1, 1])
    #expect(b1["backbone.stage2.0.weight"] == [72, 24, 3, 1])
    #expect(
      b1["backbone.stage0.4.red_dim_conv.0.weight"] == nil && b1["backbone.stage1.5.red_dim_conv.0.weight"] == nil)
    #expect(b1["backbone.stage2.6.red_dim_conv.0.weight"] == [72, 864, 1])
    #expect(b1["backbone.stage4.5.red_dim_conv.0.weight"] == [108, 864, 1])
    #expect(b2["backbone.stage4.1.conv_block.dwconvs.0.weight"] == [64, 4, 3, 3])
    #expect(b2["backbone.stage5.6.red_dim_conv.0.weight"] == [288, 1152, 1])
    #expect(b2["backbone.inputs_weights.6"] == [1, 7, 1152, 1] && b2["seg_1.weight"] == [192, 2304])
  }

  @Test func `weights decay, biases, normalisations and what is never trained don't`() {
    for parameter in ReDimNet(ReDimNet.Sizes(.b1)).layout.parameters.parameters {
      let isTrainedWeight = parameter.shape.count > 1 && parameter.name != "backbone.inputs_weights.0"
      #expect(parameter.decays == isTrainedWeight, "\(parameter.name)")
    }
  }

  @Test func `sums begin with equal weights, and the number beside the first map is 1`() {
    for parameter in ReDimNet(ReDimNet.Sizes()).layout.parameters.parameters
    where parameter.name.contains("inputs_weights") {
      #expect(parameter.initialisation == .constant(parameter.count == 1 ? 1 : 0), "\(parameter.name)")
    }
  }

  @Test(arguments: [ForwardPass.Mode.training, .inference], forms)
  func `the gradient of every parameter equals central differences`(mode: ForwardPass.Mode, blocks: ReDimNet.Blocks) {
    EncoderProbe(ReDimNet(Self.sizes(blocks)), utterances: 4, frames: 9, lift: 3) {
      $0.contains("conv1pw") || $0.contains("bn2")
    }
    .expectGradients(mode, step: 0.003, within: 5e-2, floor: 5e-3, atMost: 4)
  }

  @Test(arguments: forms) func `the bits don't depend on the number of threads`(blocks: ReDimNet.Blocks) {
    let sizes = Self.sizes(blocks, channels: 12)
    EncoderProbe.expectSameBits { EncoderProbe(ReDimNet(sizes), utterances: 5, frames: 31) }
  }

  @Test(arguments: [(1, 1), (1, 9), (4, 1)], forms)
  func `one utterance, one frame, or both, have defined embeddings and gradients`(
    shape: (utterances: Int, frames: Int), blocks: ReDimNet.Blocks
  ) {
    EncoderProbe(ReDimNet(Self.sizes(blocks)), utterances: shape.utterances, frames: shape.frames).expectFinite()
  }

  @Test(arguments: forms)
  func `an utterance's embedding does not depend on those beside it, other than in training`(blocks: ReDimNet.Blocks) {
    EncoderProbe(ReDimNet(Self.sizes(blocks)), utterances: 3, frames: 23).expectIndependence()
  }

  @Test(arguments: [["encoder.size=b0"], ["encoder.size=b2", "weighting.space=representation"]])
  func `it trains, on two ranks as on one, and its embeddings are extracted`(settings: [String]) throws {
    let noise = try NoiseCorpus()
    let own = ["encoder={type: redimnet, embedding: 8}", "features.bins=8"]
    try expectTraining(noise.configuration(own + settings), on: noise)
  }
}
