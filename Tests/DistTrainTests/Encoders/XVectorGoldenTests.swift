import DistTrain
import Testing

/// The x-vector's network against PyTorch's.
@Suite struct XVectorGoldenTests {
  private func golden() throws -> EncoderGolden {
    try EncoderGolden("xvector") { size in
      var sizes = XVector.Sizes()
      sizes.bins = try size("bins")
      sizes.channels = try size("channels")
      sizes.statistics = try size("statistics")
      sizes.embedding = try size("embedding")
      return XVector(sizes)
    }
  }

  @Test func `training embeddings, running statistics and inference equal PyTorch's`() throws {
    try golden().expectEmbeddings(within: 1e-5)
  }

  @Test func `both objectives' gradients of every parameter equal PyTorch's`() throws {
    try golden().expectGradients(within: 1e-4)
  }
}
