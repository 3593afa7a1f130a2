import DistTrain

/// Embeddings of a data directory, as several commands need them.
enum Embedding {
  /// The embeddings of all utterances, on every rank.
  /// - Parameter longestPiece: the length in seconds of the longest utterance that is embedded as a whole.
  static func compute(
    encoder: String, corpus: String, longestPiece: Double, minimumSpeech: Double, communicator: any Communicator
  ) throws -> Embeddings {
    try compute(
      encoder: encoder, corpus: corpus, longestPiece: longestPiece, minimumSpeech: minimumSpeech, lengths: [],
      communicator: communicator
    ).whole
  }

  /// The embeddings of all utterances, and those of their middles.
  /// - Parameters:
  ///   - minimumSpeech: the least speech in seconds that a whole utterance must have.
  ///   - lengths: the lengths of the middles in seconds; an utterance that is no longer is its own middle.
  /// - Returns: the embeddings of the whole utterances, and for each length those of the middles.
  static func compute(
    encoder: String, corpus path: String, longestPiece: Double, minimumSpeech: Double = 0, lengths: [Double],
    communicator: any Communicator
  ) throws -> (whole: Embeddings, middles: [Embeddings]) {
    let trained = try open(encoder, longestPiece: longestPiece, communicator)
    let corpus = try communicator.agree { try Corpus.open(path) }
    try corpus.agree(path, communicator)
    try communicator.agree { try demandAll(of: corpus, path) }
    if communicator.rank == 0 {
      for line in corpus.losses(in: path) {
        StandardError.say("warning: \(line.shown)")
      }
    }
    let seconds = corpus.utterances.map(\.seconds)
    if communicator.rank == 0, let remark = trained.extractor.remark(seconds) {
      StandardError.say("note: \(remark)")
    }
    warnOfMemory(trained.extractor, seconds, communicator)
    var extractor = trained.extractor
    extractor.minimumSpeech = minimumSpeech
    var whole = try embeddings(of: corpus.utterances, extractor, corpus, communicator)
    whole.encoder = trained.identity
    let remark = EmbeddingExtractor.remark(averaged: whole.averaged, of: whole.names.count)
    if communicator.rank == 0, let remark { StandardError.say("note: \(remark)") }
    let middles = try lengths.map { length in
      try embeddings(of: corpus.utterances.map { $0.middle(length) }, trained.extractor, corpus, communicator)
    }
    return (whole, middles)
  }

  private static func embeddings<Utterances: RandomAccessCollection<Utterance>>(
    of utterances: Utterances, _ extractor: EmbeddingExtractor, _ corpus: Corpus, _ communicator: any Communicator
  ) throws -> Embeddings where Utterances.Index == Int {
    let outcome = Result { try extractor.embeddings(of: utterances, communicator: communicator) }
    // A corpus that was cut meanwhile has other names, and recordings that cannot be found.
    try communicator.agree { try corpus.checkWhole() }
    return try outcome.get()
  }

  /// Warns of hosts that have less memory left than the embeddings will take, because a job that the kernel kills for
  /// its memory says nothing. All ranks call this together.
  /// - Parameter seconds: the lengths of all utterances.
  static func warnOfMemory(_ extractor: EmbeddingExtractor, _ seconds: [Double], _ communicator: any Communicator) {
    let lines = extractor.memoryWarnings(seconds, communicator: communicator, remedy: "a shorter --longest-piece")
    guard communicator.rank == 0 else { return }
    for line in lines { StandardError.say("warning: \(line)") }
  }

  /// The encoder that a path means, the same on all ranks.
  private static func open(
    _ path: String, longestPiece: Double, _ communicator: any Communicator
  ) throws -> TrainedEncoder {
    try EncoderChoice.open(
      path, communicator, say: { StandardError.say($0.shown) },
      opening: { try TrainedEncoder($0, longestPiece: longestPiece) })
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

  /// The file that a path means; says on standard error what was chosen.
  static func file(of path: String) throws -> String {
    let choice = try EncoderChoice(path)
    for note in choice.notes { StandardError.say(note.shown) }
    return choice.file
  }
}
