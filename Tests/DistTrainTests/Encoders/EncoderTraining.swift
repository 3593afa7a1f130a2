import DistTrain
import TestTools
import Testing

/// Expects that a configuration's encoder trains, on two ranks as on one, and that its embeddings are extracted.
/// - Returns: the extractor of the trained encoder.
@discardableResult
func expectTraining(
  _ configuration: Configuration, on noise: NoiseCorpus, sourceLocation: SourceLocation = #_sourceLocation
) throws -> EmbeddingExtractor {
  @Sendable func train(_ communicator: any Communicator) throws -> (losses: [Double], trainer: Trainer) {
    let trainer = Trainer(
      encoder: configuration.network, plan: try TrainingPlan(configuration, corpus: noise.corpus),
      communicator: communicator)
    return (try (0..<3).map { _ in try trainer.advance().metrics["classification"].loss }, trainer)
  }
  let alone = try train(SoleCommunicator())
  #expect(alone.losses.allSatisfy { $0.isFinite }, sourceLocation: sourceLocation)
  let expected = [alone.trainer.parameters.values, alone.trainer.statistics.values]
  let together = try ThreadCommunicator.run(ranks: 2) { communicator in
    let trainer = try train(communicator).trainer
    return [trainer.parameters.values, trainer.statistics.values]
  }
  #expect(together.allSatisfy { $0 == expected }, sourceLocation: sourceLocation)

  let extractor = EmbeddingExtractor(
    encoder: alone.trainer.encoder, frontEnd: configuration.features, parameters: alone.trainer.parameters,
    statistics: alone.trainer.statistics)
  let vectors = try extractor.embeddings(of: noise.corpus.utterances, communicator: SoleCommunicator()).vectors
  #expect(vectors.columns == configuration.encoder.embedding, sourceLocation: sourceLocation)
  #expect(vectors.values.allSatisfy { $0.isFinite }, sourceLocation: sourceLocation)
  #expect(Set((0..<vectors.rows).map { vectors[$0, 0] }).count == vectors.rows, sourceLocation: sourceLocation)
  return extractor
}
