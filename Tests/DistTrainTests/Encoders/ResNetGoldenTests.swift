import DistTrain
import Testing

/// ResNets of both kinds of blocks against PyTorch's.
@Suite struct ResNetGoldenTests {
  /// With how far embeddings and gradients may be from PyTorch's in double precision. PyTorch's own in single precision
  /// are a tenth of it away: through fifty normalisations rounding grows more than through twenty.
  private static let fixtures = [
    (name: "resnet-basic", embeddings: 1e-5, gradients: 1e-4),
    (name: "resnet-bottleneck", embeddings: 1e-4, gradients: 1e-3),
  ]

  private func golden(_ fixture: String) throws -> EncoderGolden {
    try EncoderGolden(fixture) { size in
      var sizes = ResNet.Sizes()
      sizes.bins = try size("bins")
      sizes.depth = try #require(ResNet.Depth(rawValue: try size("depth")))
      sizes.channels = try size("channels")
      sizes.embedding = try size("embedding")
      sizes.twoLayers = try size("twoLayers") == 1
      return ResNet(sizes)
    }
  }

  @Test(arguments: fixtures) func `training embeddings, running statistics and inference equal PyTorch's`(
    fixture: (name: String, embeddings: Double, gradients: Double)
  ) throws {
    try golden(fixture.name).expectEmbeddings(within: fixture.embeddings)
  }

  @Test(arguments: fixtures) func `both objectives' gradients of every parameter equal PyTorch's`(
    fixture: (name: String, embeddings: Double, gradients: Double)
  ) throws {
    try golden(fixture.name).expectGradients(within: fixture.gradients)
  }
}
