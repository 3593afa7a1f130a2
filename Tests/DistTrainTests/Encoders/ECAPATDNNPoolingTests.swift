import DistTrain
import TestTools
import Testing

/// ECAPA-TDNN in wespeaker's layout with other statistics over time than attentive ones, against PyTorch's in double
/// precision, which equals wespeaker's class. PyTorch's own in single precision is a fourth of the tolerances away.
@Suite struct ECAPATDNNPoolingTests {
  private static let poolings = [ECAPATDNN.Pooling.tstp, .xi]

  private func golden(_ pooling: ECAPATDNN.Pooling) throws -> EncoderGolden {
    try EncoderGolden("ecapa-\(pooling.rawValue)") { size in
      var sizes = try ECAPATDNN.Sizes(golden: size)
      sizes.pooling = pooling
      return ECAPATDNN(sizes)
    }
  }

  @Test(arguments: poolings)
  func `training embeddings, running statistics and inference equal PyTorch's`(pooling: ECAPATDNN.Pooling) throws {
    try golden(pooling).expectEmbeddings(within: 1e-5)
  }

  @Test(arguments: poolings)
  func `its graph gives the embeddings of PyTorch's inference`(pooling: ECAPATDNN.Pooling) throws {
    try golden(pooling).expectGraph()
  }

  @Test(arguments: poolings)
  func `both objectives' gradients of every parameter equal PyTorch's`(pooling: ECAPATDNN.Pooling) throws {
    try golden(pooling).expectGradients(within: 1e-4)
  }

  /// Whether or not attention would see the statistics of the utterance.
  @Test(arguments: [
    (ECAPATDNN.Pooling.tstp, 512, 5_402_624), (ECAPATDNN.Pooling.tstp, 1024, 13_868_992),
    (ECAPATDNN.Pooling.xi, 512, 5_896_448), (ECAPATDNN.Pooling.xi, 1024, 14_362_816),
  ])
  func `has wespeaker's number of parameters`(pooling: ECAPATDNN.Pooling, channels: Int, count: Int) {
    var sizes = ECAPATDNN.Sizes()
    (sizes.channels, sizes.pooling) = (channels, pooling)
    #expect(ECAPATDNN(sizes).layout.parameters.count == count)
    sizes.globalContext = false
    #expect(ECAPATDNN(sizes).layout.parameters.count == count)
  }

  @Test(arguments: poolings) func `it trains, on two ranks as on one, and its embeddings are extracted`(
    pooling: ECAPATDNN.Pooling
  ) throws {
    let noise = try NoiseCorpus()
    let own = "encoder={channels: 16, aggregation: 24, pooling: \(pooling.rawValue), embedding: 8}"
    try expectTraining(noise.configuration([own, "weighting.space=representation"]), on: noise)
  }

  @Test(arguments: poolings) func `one utterance, one frame, or both, have defined embeddings and gradients`(
    pooling: ECAPATDNN.Pooling
  ) {
    var sizes = ECAPATDNN.Sizes()
    (sizes.bins, sizes.channels, sizes.aggregation, sizes.embedding, sizes.pooling) = (6, 16, 12, 5, pooling)
    for (utterances, frames) in [(1, 1), (1, 9), (4, 1)] {
      EncoderProbe(ECAPATDNN(sizes), utterances: utterances, frames: frames).expectFinite()
    }
  }
}
