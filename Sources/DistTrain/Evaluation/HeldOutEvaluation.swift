/// The trials of speakers that are not trained on, ready to be scored during training.
package struct HeldOutEvaluation: Sendable {
  private let utterances: [Utterance]
  private let trials: TrialList

  /// - Parameters:
  ///   - corpus: a data directory.
  ///   - trials: a trial list over its utterances.
  /// - Throws: `Failure(.badData)`, also where a trial names an utterance that the corpus does not have.
  package init(corpus: String, trials: String) throws {
    let corpus = try Corpus.open(corpus)
    let list = try TrialList.read(trials)
    utterances = try list.positions(in: corpus).map { corpus.utterances[$0] }
    self.trials = list
  }

  /// Raw cosine scores' metrics, the same on every rank.
  /// - Parameter isToStop: asked before each utterance.
  /// - Throws: `AgreedFailure`, of status `.stopped` where `isToStop` said so on any rank.
  package func run(
    _ extractor: EmbeddingExtractor, communicator: any Communicator, isToStop: () -> Bool = { false }
  ) throws -> (metrics: DetectionMetrics, scores: [Float]) {
    let embeddings = try extractor.embeddings(of: utterances, communicator: communicator, isToStop: isToStop)
    return try communicator.agree {
      let scores = try TrialScorer(embeddings).scores(of: trials)
      return (try DetectionMetrics(scores: scores, targets: trials.targets), scores)
    }
  }

  package func write(_ scores: [Float], to path: String) throws {
    try TrialScorer.write(scores, of: trials, to: path)
  }
}
