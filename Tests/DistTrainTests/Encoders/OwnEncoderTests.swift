import DistTrain
import Testing

/// An encoder that the library does not know goes wherever a known one does.
@Suite struct OwnEncoderTests {
  private static let settings: [[String]] = [
    [], ["weighting.space=representation", "encoder={width: 10, wide: true}", "optimizer.type=adamw"],
  ]

  private func configuration(_ noise: NoiseCorpus, _ settings: [String]) throws -> Configuration {
    try noise.configuration(
      ["encoder.type=plain", "encoder.embedding=8"] + settings,
      encoders: EncoderArchitecture.known + [PlainEncoder.architecture])
  }

  @Test(arguments: settings)
  func `it trains, on two ranks as on one, and its embeddings are extracted`(settings: [String]) throws {
    let noise = try NoiseCorpus()
    let configuration = try configuration(noise, settings)
    @Sendable func train(_ communicator: any Communicator) throws -> (losses: [Double], trainer: Trainer) {
      let trainer = Trainer(
        encoder: configuration.network, plan: try TrainingPlan(configuration, corpus: noise.corpus),
        communicator: communicator)
      return (try (0..<4).map { _ in try trainer.advance().metrics["classification"].loss }, trainer)
    }
    let alone = try train(SoleCommunicator())
    #expect(alone.losses.allSatisfy { $0.isFinite })
    let together = try ThreadCommunicator.run(ranks: 2) { try train($0).trainer.parameters.values }
    #expect(together.allSatisfy { $0 == alone.trainer.parameters.values })

    let extractor = EmbeddingExtractor(
      encoder: alone.trainer.encoder, frontEnd: configuration.features, parameters: alone.trainer.parameters,
      statistics: alone.trainer.statistics)
    let embeddings = try extractor.embeddings(of: noise.corpus.utterances, communicator: SoleCommunicator())
    #expect(embeddings.vectors.columns == 8 && embeddings.vectors.values.allSatisfy { $0.isFinite })
    #expect(Set((0..<embeddings.vectors.rows).map { embeddings.vectors[$0, 0] }).count == embeddings.vectors.rows)
  }

  @Test(arguments: settings) func `its gradients are checked like any other's`(settings: [String]) throws {
    let noise = try NoiseCorpus()
    let configuration = try configuration(noise, settings)
    let check = try GradientCheck(
      encoder: configuration.network, plan: try TrainingPlan(configuration, corpus: noise.corpus),
      communicator: SoleCommunicator())
    let comparisons = check.compare(check.gradients, tensors: check.tensors)
    #expect(comparisons.count > 60)
    #expect(comparisons.allSatisfy { $0.agrees }, "\(comparisons.filter { !$0.agrees })")
  }
}
