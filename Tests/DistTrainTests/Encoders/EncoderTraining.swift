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
  expectSameBitsWithoutPreparation(extractor, sourceLocation: sourceLocation)
  return extractor
}

/// Expects that weights which are prepared once for all utterances change no bit of an embedding, whatever utterances
/// came before.
private func expectSameBitsWithoutPreparation(_ extractor: EmbeddingExtractor, sourceLocation: SourceLocation) {
  let encoder = extractor.encoder
  var stream = RandomStream(seed: 4, purpose: .test)
  for frames in [encoder.minimumFrames, 150, 64, 301].map({ max($0, encoder.minimumFrames) }) {
    let features = Matrix(
      rows: encoder.bins, columns: frames, (0..<encoder.bins * frames).map { _ in Float(stream.normal()) })
    let pass = ForwardPass(
      mode: .inference, parameters: extractor.parameters, statistics: extractor.statistics, keepsCaches: false)
    let plain = encoder.encode(features, utterances: 1, pass).embeddings.values
    #expect(plain.allSatisfy { $0.isFinite }, sourceLocation: sourceLocation)
    #expect(extractor.embedding(of: features) == plain, "\(frames) frames", sourceLocation: sourceLocation)
  }
}
