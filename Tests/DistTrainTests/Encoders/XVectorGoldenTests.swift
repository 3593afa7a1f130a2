import DistTrain
import Testing

/// The x-vector's network against PyTorch's, with its own pooling and with that of xi-vectors.
@Suite struct XVectorGoldenTests {
  private func golden(_ pooling: TimePooling) throws -> EncoderGolden {
    try EncoderGolden(pooling == .xi ? "xvector-xi" : "xvector") { size in
      var sizes = XVector.Sizes()
      sizes.bins = try size("bins")
      sizes.channels = try size("channels")
      sizes.statistics = try size("statistics")
      sizes.embedding = try size("embedding")
      sizes.pooling = pooling
      return XVector(sizes)
    }
  }

  @Test(arguments: [TimePooling.tstp, .xi])
  func `training embeddings, running statistics and inference equal PyTorch's`(pooling: TimePooling) throws {
    try golden(pooling).expectEmbeddings(within: 1e-5)
  }

  @Test(arguments: [TimePooling.tstp, .xi])
  func `its graph gives the embeddings of PyTorch's inference`(pooling: TimePooling) throws {
    try golden(pooling).expectGraph()
  }

  @Test(arguments: [TimePooling.tstp, .xi])
  func `both objectives' gradients of every parameter equal PyTorch's`(pooling: TimePooling) throws {
    try golden(pooling).expectGradients(within: 1e-4)
  }
}
