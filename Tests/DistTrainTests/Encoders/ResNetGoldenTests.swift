import DistTrain
import Testing

/// ResNets of both kinds of blocks, with gates and with attentive statistics against PyTorch's.
@Suite struct ResNetGoldenTests {
  struct Fixture: Sendable {
    let name: String
    var gate = ResNet.Gate.none
    var pooling = TimePooling.tstp
    /// The most by which embeddings and gradients may differ from PyTorch's in double precision.
    let embeddings: Double
    let gradients: Double
  }

  /// PyTorch's own in single precision are a tenth of these bounds away: through fifty normalisations rounding grows
  /// more than through twenty.
  private static let fixtures = [
    Fixture(name: "resnet-basic", embeddings: 1e-5, gradients: 1e-4),
    Fixture(name: "resnet-bottleneck", embeddings: 1e-4, gradients: 1e-3),
    Fixture(name: "resnet-simam", gate: .simam, pooling: .asp, embeddings: 1e-5, gradients: 1e-4),
    Fixture(name: "resnet-attentive", pooling: .astp, embeddings: 1e-5, gradients: 1e-4),
  ]

  private func golden(_ fixture: Fixture) throws -> EncoderGolden {
    try EncoderGolden(fixture.name) { size in
      var sizes = ResNet.Sizes()
      sizes.bins = try size("bins")
      sizes.depth = try #require(ResNet.Depth(rawValue: try size("depth")))
      sizes.channels = try size("channels")
      sizes.embedding = try size("embedding")
      sizes.twoLayers = try size("twoLayers") == 1
      (sizes.gate, sizes.pooling) = (fixture.gate, fixture.pooling)
      return ResNet(sizes)
    }
  }

  @Test(arguments: fixtures) func `training embeddings, running statistics and inference equal PyTorch's`(
    fixture: Fixture
  ) throws {
    try golden(fixture).expectEmbeddings(within: fixture.embeddings)
  }

  @Test(arguments: fixtures) func `its graph gives the embeddings of PyTorch's inference`(fixture: Fixture) throws {
    try golden(fixture).expectGraph()
  }

  /// A parameter that shifts all frames' energies alike has no gradient.
  @Test(arguments: fixtures) func `both objectives' gradients of every parameter equal PyTorch's`(
    fixture: Fixture
  ) throws {
    try golden(fixture).expectGradients(
      within: fixture.gradients, vanishing: ["attention.2.bias", "attention.3.bias", "pool.linear2.bias"])
  }
}
