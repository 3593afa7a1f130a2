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
    let remark = EmbeddingExtractor.remark(averaged: embeddings.averaged, of: embeddings.names.count)
    if communicator.rank == 0, let remark { StandardError.say("note: \(remark)") }
    return embeddings
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
