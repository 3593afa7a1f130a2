import DistTrain

/// Embeddings of a data directory, as several commands need them.
enum Embedding {
  /// All utterances' embeddings, on every rank.
  static func compute(encoder: String, corpus: String, communicator: any Communicator) throws -> Embeddings {
    let (trained, utterances) = try communicator.agree {
      (try TrainedEncoder(encoder), try Corpus.open(corpus).utterances)
    }
    return try trained.extractor.embeddings(of: utterances, communicator: communicator)
  }
}
