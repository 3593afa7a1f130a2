import DistTrain
import Testing

/// ReDimNet2 against PyTorch's in double precision, which equals wespeaker's class: with a map over height and time
/// that is pooled, and with all rows of it; with stages that halve neither, one or both, and with blocks of more, fewer
/// and as many channels as the stage's map. PyTorch's own in single precision is a tenth of the tolerances away.
@Suite struct ReDimNet2GoldenTests {
  private func golden(_ fixture: String) throws -> EncoderGolden {
    try EncoderGolden(fixture) { size in
      var sizes = ReDimNet2.Sizes()
      sizes.bins = try size("bins")
      sizes.channels = try size("channels")
      sizes.stages = try (0..<size("stages")).map {
        ReDimNet2.Sizes.Stage(
          height: try size("height\($0)"), frames: try size("frames\($0)"), blocks: try size("blocks\($0)"),
          expansion: Double(try size("quarters\($0)")) / 4, reduction: try size("reduction\($0)"))
      }
      let outputs = try size("outputs")
      sizes.outputs = outputs == 0 ? nil : outputs
      sizes.keepsHeight = try size("keepsHeight") == 1
      sizes.attentionBottleneck = try size("attentionBottleneck")
      sizes.embedding = try size("embedding")
      return ReDimNet2(sizes)
    }
  }

  @Test(arguments: ["redimnet2-map", "redimnet2-rows"])
  func `training embeddings, running statistics and inference equal PyTorch's`(fixture: String) throws {
    try golden(fixture).expectEmbeddings(within: 3e-5)
  }

  @Test(arguments: ["redimnet2-map", "redimnet2-rows"])
  func `its graph gives the embeddings of PyTorch's inference`(fixture: String) throws {
    try golden(fixture).expectGraph()
  }

  /// Biases before a normalisation, and what a softmax does not see, have no gradient: there rounding alone is left.
  @Test(arguments: ["redimnet2-map", "redimnet2-rows"])
  func `both objectives' gradients of every parameter equal PyTorch's`(fixture: String) throws {
    try golden(fixture).expectGradients(within: 1e-3, floor: 1e-4)
  }
}
