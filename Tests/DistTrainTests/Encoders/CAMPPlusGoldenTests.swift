import DistTrain
import Testing

/// CAM++ against PyTorch's in double precision. PyTorch's own in single precision is a tenth of the tolerances away.
@Suite struct CAMPPlusGoldenTests {
  private func golden() throws -> EncoderGolden {
    try EncoderGolden("campplus") { size in
      var sizes = CAMPPlus.Sizes()
      sizes.bins = try size("bins")
      sizes.headChannels = try size("headChannels")
      sizes.channels = try size("channels")
      sizes.growth = try size("growth")
      sizes.bottleneck = try size("bottleneck")
      sizes.layers = try (1...3).map { try size("layers\($0)") }
      sizes.embedding = try size("embedding")
      return CAMPPlus(sizes)
    }
  }

  @Test func `training embeddings, running statistics and inference equal PyTorch's`() throws {
    try golden().expectEmbeddings(within: 3e-5)
  }

  @Test func `its graph gives the embeddings of PyTorch's inference`() throws { try golden().expectGraph() }

  @Test func `both objectives' gradients of every parameter equal PyTorch's`() throws {
    try golden().expectGradients(within: 5e-4)
  }
}
