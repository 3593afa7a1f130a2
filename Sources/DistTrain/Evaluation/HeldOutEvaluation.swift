/// Trials of speakers that are not trained on, ready to be scored during training.
package struct HeldOutEvaluation: Sendable {
  /// The whole corpus.
  package let corpus: Corpus
  /// The path of the corpus's data directory.
  let folder: String
  /// The utterances of the trials, in the order of the corpus.
  let utterances: [Utterance]
  /// Their positions in the corpus.
  let positions: [Int]
  /// The lengths in seconds of the trials' utterances.
  package var seconds: [Double] { utterances.map(\.seconds) }
  private let trials: TrialList
  /// Whether each trial is of one speaker.
  package var targets: [Bool] { trials.targets }
  /// The utterances' recordings, which each evaluation reads again.
  private let known = WholeRecordings()
  /// The line about the trials that the corpus contradicts (`TrialList.contradictions`).
  package let warning: String?

  /// Reads the corpus and the trials.
  /// - Parameters:
  ///   - corpus: the path of a data directory.
  ///   - trials: the path of a trial list over its utterances.
  /// - Throws: `Failure(.badData)` where either cannot be read, or a trial names an utterance that the corpus does not
  ///   have.
  package init(corpus: String, trials: String) throws {
    folder = corpus
    let corpus = try Corpus.open(corpus)
    self.corpus = corpus
    let list = try TrialList.read(trials)
    try list.checkBothKinds()
    let places = try list.positions(in: corpus)
    positions = Set(places).sorted()
    utterances = positions.map { corpus.utterances[$0] }
    self.trials = list
    warning = list.contradictions(of: corpus, places)
  }

  /// The outcome of scoring the trials.
  package struct Outcome: Sendable {
    package let metrics: DetectionMetrics
    /// The scores of the trials, in their order.
    package let scores: [Float]
    /// The embeddings of the trials' utterances, in the order of the corpus.
    package let embeddings: Embeddings
    /// A line about the utterances that are the mean of several channels; nil where there are none.
    package let remark: String?
  }

  /// Scores the trials by the cosines of their embeddings, without normalising the scores. The result is the same on
  /// every rank.
  /// - Parameter isToStop: is asked before each utterance, from any thread.
  /// - Throws: `AgreedFailure`, which is of kind `stopped` where `isToStop` was true on any rank.
  package func run(
    _ extractor: EmbeddingExtractor, communicator: any Communicator, isToStop: @Sendable () -> Bool = { false }
  ) throws -> Outcome {
    let embeddings = try extractor.embeddings(
      of: utterances, known: known, communicator: communicator, isToStop: isToStop)
    return try communicator.agree {
      let scores = try TrialScorer(embeddings).scores(of: trials)
      return Outcome(
        metrics: try DetectionMetrics(scores: scores, targets: trials.targets), scores: scores, embeddings: embeddings,
        remark: EmbeddingExtractor.remark(averaged: embeddings.averaged, of: utterances.count))
    }
  }

  /// Writes the scores of the trials as `TrialScorer.write` does.
  package func write(_ scores: [Float], to path: String) throws {
    try TrialScorer.write(scores, of: trials, to: path)
  }
}
