import DistTrain
import TestTools
import Testing

@Suite struct CAMPPlusTests {
  private static func sizes(channels: Int = 4, growth: Int = 2) -> CAMPPlus.Sizes {
    var sizes = CAMPPlus.Sizes()
    (sizes.bins, sizes.headChannels, sizes.channels, sizes.growth) = (6, 2, channels, growth)
    (sizes.bottleneck, sizes.layers, sizes.embedding) = (2, [1, 2, 1], 5)
    return sizes
  }

  @Test(arguments: [(512, 7_176_224), (192, 6_848_544)])
  func `has wespeaker's number of parameters`(embedding: Int, count: Int) {
    var sizes = CAMPPlus.Sizes()
    sizes.embedding = embedding
    #expect(CAMPPlus(sizes).layout.parameters.count == count)
  }

  @Test func `parameters and statistics have wespeaker's names and shapes`() {
    let layout = CAMPPlus(CAMPPlus.Sizes()).layout
    let shapes = Dictionary(uniqueKeysWithValues: layout.parameters.parameters.map { ($0.name, $0.shape) })
    #expect(shapes["head.conv1.weight"] == [32, 1, 3, 3] && shapes["head.bn2.bias"] == [32])
    #expect(shapes["head.layer1.0.shortcut.0.weight"] == [32, 32, 1, 1])
    #expect(shapes["head.layer2.1.conv2.weight"] == [32, 32, 3, 3] && shapes["head.layer2.1.shortcut.0.weight"] == nil)
    #expect(shapes["xvector.tdnn.linear.weight"] == [128, 320, 5])
    #expect(shapes["xvector.tdnn.nonlinear.batchnorm.weight"] == [128])
    #expect(shapes["xvector.block1.tdnnd1.nonlinear1.batchnorm.weight"] == [128])
    #expect(shapes["xvector.block1.tdnnd12.linear1.weight"] == [128, 480, 1])
    #expect(shapes["xvector.block2.tdnnd24.nonlinear2.batchnorm.bias"] == [128])
    #expect(shapes["xvector.block2.tdnnd24.cam_layer.linear_local.weight"] == [32, 128, 3])
    #expect(shapes["xvector.block3.tdnnd16.linear1.weight"] == [128, 992, 1])
    #expect(shapes["xvector.block3.tdnnd16.cam_layer.linear1.weight"] == [64, 128, 1])
    #expect(shapes["xvector.block3.tdnnd16.cam_layer.linear1.bias"] == [64])
    #expect(shapes["xvector.block3.tdnnd16.cam_layer.linear2.weight"] == [32, 64, 1])
    #expect(shapes["xvector.block3.tdnnd16.cam_layer.linear2.bias"] == [32])
    #expect(shapes["xvector.transit1.nonlinear.batchnorm.weight"] == [512])
    #expect(shapes["xvector.transit3.linear.weight"] == [512, 1024, 1])
    #expect(shapes["xvector.out_nonlinear.batchnorm.bias"] == [512])
    #expect(shapes["xvector.dense.linear.weight"] == [512, 1024, 1])
    #expect(shapes["xvector.dense.linear.bias"] == nil && shapes["xvector.dense.nonlinear.batchnorm.weight"] == nil)
    #expect(shapes["xvector.block1.tdnnd1.cam_layer.linear_local.bias"] == nil)
    let statistics = layout.statistics.parameters.map(\.name)
    #expect(statistics.contains("xvector.dense.nonlinear.batchnorm.running_var"))
    #expect(statistics.contains("xvector.block3.tdnnd16.nonlinear1.batchnorm.running_mean"))
    // In the head two, two in each of four blocks and two of shortcuts; then one, two in each dense layer, three and
    // two.
    #expect(statistics.count == 2 * (2 + 4 * 2 + 2 + 1 + 52 * 2 + 3 + 2))
  }

  /// wespeaker draws the weights of the head by PyTorch's default, and those behind it from normal distributions by the
  /// fan-in.
  @Test func `weights start as wespeaker's do`() {
    let layout = CAMPPlus(CAMPPlus.Sizes()).layout.parameters
    let values = Matrix(rows: 1, columns: layout.count)
    layout.initialise(values.pointer, seed: 3)
    for parameter in layout.parameters where parameter.shape.count > 1 {
      let inputs = Double(parameter.shape.dropFirst().reduce(1, *))
      let own = parameter.range.map { Double(values.pointer[$0]) }
      let deviation = (own.reduce(0) { $0 + $1 * $1 } / Double(own.count)).squareRoot()
      let expected = parameter.name.hasPrefix("head") ? (1 / (3 * inputs)).squareRoot() : (2 / inputs).squareRoot()
      // A deviation of n draws is off by about one part in √2n.
      let tolerance = 5 / (2 * Double(own.count)).squareRoot()
      #expect(abs(deviation / expected - 1) < tolerance, "\(parameter.name)")
      let largest = own.map { abs($0) }.max() ?? 0
      #expect((largest > 1 / inputs.squareRoot()) == !parameter.name.hasPrefix("head"), "\(parameter.name)")
    }
    for parameter in layout.parameters where parameter.name.hasSuffix("bias") {
      #expect(parameter.range.allSatisfy { values.pointer[$0] == 0 }, "\(parameter.name)")
    }
  }

  @Test func `weights decay, biases and normalisations don't`() {
    for parameter in CAMPPlus(CAMPPlus.Sizes()).layout.parameters.parameters {
      #expect(parameter.decays == (parameter.shape.count > 1), "\(parameter.name)")
    }
  }

  /// Under running statistics, and with weights so small that the raised biases let most ReLUs pass. The statistics of
  /// a batch of few utterances multiply rounding at each of twenty normalisations: `CAMPPlusGoldenTests` holds their
  /// gradients, and `DenseBlockTests` those of each layer.
  @Test func `the gradient of every parameter equals central differences`() {
    EncoderProbe(CAMPPlus(Self.sizes()), utterances: 4, frames: 17, weights: 0.3) { !$0.contains("cam_layer") }
      .expectGradients(.inference, step: 0.01, within: 2e-2, floor: 3e-4, atMost: 4)
  }

  @Test func `the bits don't depend on the number of threads`() {
    let sizes = Self.sizes(channels: 100, growth: 24)
    EncoderProbe.expectSameBits { EncoderProbe(CAMPPlus(sizes), utterances: 5, frames: 230) }
  }

  @Test(arguments: [(1, 1), (1, 9), (4, 1), (3, 401)])
  func `one utterance, one frame, both, or pieces of one frame, have defined embeddings and gradients`(
    shape: (utterances: Int, frames: Int)
  ) {
    EncoderProbe(CAMPPlus(Self.sizes()), utterances: shape.utterances, frames: shape.frames).expectFinite()
  }

  @Test func `an utterance's embedding does not depend on those beside it, other than in training`() {
    EncoderProbe(CAMPPlus(Self.sizes(channels: 6, growth: 4)), utterances: 3, frames: 221).expectIndependence()
  }

  @Test(arguments: ["parameters", "representation"])
  func `it trains, on two ranks as on one, and its embeddings are extracted`(space: String) throws {
    let noise = try NoiseCorpus()
    let own = "encoder={type: campplus, channels: 4, growth: 2, bottleneck: 2, embedding: 8}"
    try expectTraining(noise.configuration([own, "weighting.space=\(space)"]), on: noise)
  }
}
