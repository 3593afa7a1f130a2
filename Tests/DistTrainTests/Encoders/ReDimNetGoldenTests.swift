import DistTrain
import Testing

/// The first ReDimNet against PyTorch's in double precision, which equals wespeaker's class: with separable blocks and
/// with blocks of groups of channels, which are not always whole; with blocks of more and of as many channels as the
/// stage's map; with stages that have a block over time and that have none. PyTorch's own in single precision is a
/// tenth of the tolerances away.
@Suite struct ReDimNetGoldenTests {
  private func golden(_ fixture: String) throws -> EncoderGolden {
    try EncoderGolden(fixture) { size in
      var sizes = ReDimNet.Sizes()
      sizes.bins = try size("bins")
      sizes.channels = try size("channels")
      sizes.stages = try (0..<size("stages")).map {
        let reduction = try size("reduction\($0)")
        return ReDimNet.Sizes.Stage(
          height: try size("height\($0)"), blocks: try size("blocks\($0)"),
          expansion: Double(try size("expansion\($0)")), reduction: reduction == 0 ? nil : reduction)
      }
      sizes.blocks = try size("separable") == 1 ? .separable : .grouped(size("divisor"))
      sizes.attentionBottleneck = try size("attentionBottleneck")
      sizes.embedding = try size("embedding")
      return ReDimNet(sizes)
    }
  }

  @Test(arguments: ["redimnet-separable", "redimnet-grouped"])
  func `training embeddings, running statistics and inference equal PyTorch's`(fixture: String) throws {
    try golden(fixture).expectEmbeddings(within: 3e-5)
  }

  @Test(arguments: ["redimnet-separable", "redimnet-grouped"])
  func `its graph gives the embeddings of PyTorch's inference`(fixture: String) throws {
    try golden(fixture).expectGraph()
  }

  /// Biases before a normalisation, and what a softmax does not see, have no gradient: there rounding alone is left.
  @Test(arguments: ["redimnet-separable", "redimnet-grouped"])
  func `both objectives' gradients of every parameter equal PyTorch's`(fixture: String) throws {
    try golden(fixture).expectGradients(within: 1e-3, floor: 1e-4)
  }
}
