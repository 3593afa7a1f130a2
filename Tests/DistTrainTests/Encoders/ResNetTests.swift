import DistTrain
import TestTools
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
    EncoderProbe(ResNet(Self.sizes(.layers18)), utterances: 4, frames: 17, lift: 4)
      .expectGradients(mode, step: 0.005, within: 5e-2, floor: 4e-3, atMost: 4)
  }

  @Test(arguments: [.layers18, .layers50] as [ResNet.Depth])
  func `the bits don't depend on the number of threads`(depth: ResNet.Depth) {
    let sizes = Self.sizes(depth, channels: 12)
    EncoderProbe.expectSameBits { EncoderProbe(ResNet(sizes), utterances: 5, frames: 50) }
  }

  @Test(arguments: [(1, 1), (1, 9), (4, 1)])
  func `one utterance, one frame, or both, have defined embeddings and gradients`(
    shape: (utterances: Int, frames: Int)
  ) {
    EncoderProbe(ResNet(Self.sizes(.layers18)), utterances: shape.utterances, frames: shape.frames).expectFinite()
  }

  @Test func `an utterance's embedding does not depend on those beside it, other than in training`() {
    EncoderProbe(ResNet(Self.sizes(.layers18, channels: 3)), utterances: 3, frames: 21).expectIndependence()
  }

  /// Trunk, attention with 128 hidden units over 5,120 channels, and the linear layer.
  @Test(arguments: [(.layers34, 25_213_760), (.layers100, 50_232_896)] as [(ResNet.Depth, Int)])
  func `with gates and asp it has wespeaker's number of parameters, and names`(depth: ResNet.Depth, count: Int) {
    var sizes = ResNet.Sizes()
    (sizes.depth, sizes.channels, sizes.gate, sizes.pooling) = (depth, 64, .simam, .asp)
    let layout = ResNet(sizes).layout
    #expect(layout.parameters.count == count)
    let shapes = Dictionary(uniqueKeysWithValues: layout.parameters.parameters.map { ($0.name, $0.shape) })
    #expect(shapes["front.conv1.weight"] == [64, 1, 3, 3] && shapes["front.layer1.0.bn2.bias"] == [64])
    #expect(shapes["front.layer2.0.downsample.0.weight"] == [128, 64, 1, 1])
    #expect(shapes["pooling.attention.0.weight"] == [128, 5120, 1] && shapes["pooling.attention.2.weight"] == [128])
    #expect(shapes["pooling.attention.3.bias"] == [5120] && shapes["bottleneck.weight"] == [256, 10_240])
    #expect(shapes["seg_1.weight"] == nil && shapes["conv1.weight"] == nil)
    #expect(layout.statistics.parameters.contains { $0.name == "front.layer4.0.downsample.1.running_mean" })
  }

  @Test(arguments: TimePooling.allCases) func `with gates, whatever it pools, the bits don't depend on threads`(
    pooling: TimePooling
  ) {
    var sizes = Self.sizes(.layers18, channels: 4)
    (sizes.gate, sizes.pooling) = (.simam, pooling)
    EncoderProbe.expectSameBits { [sizes] in EncoderProbe(ResNet(sizes), utterances: 5, frames: 50) }
  }

  @Test(arguments: TimePooling.allCases, [(1, 1), (1, 9), (4, 1)])
  func `with gates, whatever it pools, all is defined of one frame too`(
    pooling: TimePooling, shape: (utterances: Int, frames: Int)
  ) {
    var sizes = Self.sizes(.layers18)
    (sizes.gate, sizes.pooling) = (.simam, pooling)
    EncoderProbe(ResNet(sizes), utterances: shape.utterances, frames: shape.frames).expectFinite()
    if shape.frames > 1 { EncoderProbe(ResNet(sizes), utterances: 3, frames: 21).expectIndependence() }
  }

  @Test(arguments: [
    ["encoder.depth=18"], ["encoder.depth=50", "encoder.twoLayers=true"],
    ["encoder={depth: 18, gate: simam, pooling: asp}"], ["encoder={depth: 18, pooling: xi}"],
  ])
  func `it trains, on two ranks as on one, and its embeddings are extracted`(settings: [String]) throws {
    let noise = try NoiseCorpus()
    try expectTraining(
      noise.configuration(["encoder={type: resnet, channels: 2, embedding: 8}"] + settings), on: noise)
  }
}
