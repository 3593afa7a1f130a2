import DistTrain

/// Embeddings of a data directory, as several commands need them.
enum Embedding {
  /// The embeddings of all utterances, on every rank.
  static func compute(encoder: String, corpus path: String, communicator: any Communicator) throws -> Embeddings {
    let file = try choose(encoder, communicator)
    let (trained, corpus) = try communicator.agree {
      (try TrainedEncoder(file), try Corpus.open(path))
    }
    try corpus.agree(path, communicator)
    try communicator.agree { try demandAll(of: corpus, path) }
    if communicator.rank == 0 {
      for line in corpus.losses(in: path) {
        StandardError.say("warning: \(line.shown)")
      }
    }
    if communicator.rank == 0, let remark = EmbeddingExtractor.remark(corpus.utterances.map(\.seconds)) {
      StandardError.say("note: \(remark)")
    }
    var embeddings = try trained.extractor.embeddings(of: corpus.utterances, communicator: communicator)
    embeddings.encoder = trained.identity
    return embeddings
  }

  /// Refuses a corpus with recordings that cannot be read, which training would do without.
  private static func demandAll(of corpus: Corpus, _ path: String) throws {
    guard let first = corpus.unmeasured.first else { return }
    let more = corpus.unmeasured.count - 1
    throw Failure(
      .badData,
      "\(first.place): \(first.what)"
        + (more == 0 ? "" : " (and \(more) more \(more == 1 ? "utterance" : "utterances") of \(path) cannot be read)")
        + ": mend it, or leave it out with svdist prepare")
  }

  /// The file that a path means. Rank 0 chooses, because a run that goes on may have a newer checkpoint a moment later.
  private static func choose(_ path: String, _ communicator: any Communicator) throws -> String {
    let file = try communicator.agree { communicator.rank == 0 ? try Self.file(of: path) : "" }
    return communicator.broadcast(file)
  }

  /// The file that a path means; says on standard error what was chosen.
  static func file(of path: String) throws -> String {
    let choice = try TrainedEncoder.Choice(path)
    choice.notes.forEach(StandardError.say)
    return choice.file
  }
}
