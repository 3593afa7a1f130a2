import DistTrain
import Foundation

/// Embeddings of a data directory, as several commands need them.
enum Embedding {
  /// What is to be embedded, and how.
  struct Request {
    let encoder: String
    let corpus: String
    let messages: MessageOptions
    /// The length in seconds of the longest utterance that is embedded as a whole.
    let longestPiece: Double
    /// The least speech in seconds that a whole utterance must have.
    var minimumSpeech = 0.0
    /// The lengths of middles in seconds; an utterance that is no longer is its own middle.
    var lengths: [Double] = []
    /// The crops of utterances.
    var crops: MultiCrop?
  }

  /// The embeddings of all utterances.
  struct Sets {
    let whole: Embeddings
    /// Those of the utterances' middles, for each length.
    var middles: [Embeddings] = []
    /// The mean directions of the utterances' crops, where they were asked for.
    var crops: Embeddings?
  }

  /// Computes embeddings, on every rank.
  static func compute(_ request: Request, communicator: any Communicator) throws -> Sets {
    try compute(request, by: open(request, communicator), communicator: communicator)
  }

  /// Computes embeddings by an encoder that was opened for the request or another one, on every rank.
  static func compute(_ request: Request, by trained: TrainedEncoder, communicator: any Communicator) throws -> Sets {
    let (path, messages) = (request.corpus, request.messages)
    let corpus = try communicator.agree { try Corpus.open(path) }
    try corpus.agree(path, communicator)
    try communicator.agree { try demandAll(of: corpus, path) }
    let seconds = corpus.utterances.map(\.seconds)
    if communicator.rank == 0 {
      for line in corpus.losses(in: path) { messages.say("warning: \(line)") }
      messages.note(trained.extractor.remark(seconds))
    }
    warnOfMemory(trained.extractor, seconds, communicator)
    var extractor = trained.extractor
    extractor.minimumSpeech = request.minimumSpeech
    let began = ContinuousClock.now
    var whole = try embeddings(of: corpus.utterances, extractor, corpus, communicator, messages)
    whole.encoder = trained.identity
    if communicator.rank == 0 {
      messages.note(
        speed(of: seconds, took: (ContinuousClock.now - began) / .seconds(1)),
        EmbeddingExtractor.remark(averaged: whole.averaged, of: whole.names.count))
    }
    var sets = Sets(whole: whole)
    sets.middles = try request.lengths.map { length in
      try embeddings(
        of: corpus.utterances.map { $0.middle(length) }, trained.extractor, corpus, communicator, messages)
    }
    if let crops = request.crops {
      var extractor = trained.extractor
      extractor.crops = crops
      sets.crops = try embeddings(of: corpus.utterances, extractor, corpus, communicator, messages)
    }
    return sets
  }

  private static func embeddings<Utterances: RandomAccessCollection<Utterance>>(
    of utterances: Utterances, _ extractor: EmbeddingExtractor, _ corpus: Corpus, _ communicator: any Communicator,
    _ messages: MessageOptions
  ) throws -> Embeddings where Utterances.Index == Int {
    let progress =
      communicator.rank == 0 ? messages.progress(count: utterances.count, things: "utterances embedded") : nil
    let outcome = Result {
      // The ranks take turns: where this one is, the others are about.
      try extractor.embeddings(
        of: utterances, communicator: communicator, progress: { progress?.advance(to: $0 + 1) })
    }
    progress?.clear()
    // A corpus that was cut meanwhile has other names, and recordings that cannot be found.
    try communicator.agree { try corpus.checkWhole() }
    return try outcome.get()
  }

  /// How fast utterances of these lengths in seconds were embedded, in a line.
  private static func speed(of lengths: [Double], took seconds: Double) -> String {
    let recorded = lengths.reduce(0, +)
    let rate = WorkLine.rate(Double(lengths.count) / max(seconds, 1e-9))
    return
      "\(lengths.count.counted("utterance")) of \(TimeWords.about(recorded)) embedded in "
      + "\(WorkLine.rate(seconds)) s: "
      + "\(rate) utterances/s, real-time factor \(String(format: "%.2g", seconds / max(recorded, 1e-9)))"
  }

  /// Warns of hosts that have less memory left than the embeddings will take, because a job that the kernel kills for
  /// its memory says nothing. All ranks call this together.
  /// - Parameter seconds: the lengths of all utterances.
  static func warnOfMemory(_ extractor: EmbeddingExtractor, _ seconds: [Double], _ communicator: any Communicator) {
    let lines = extractor.memoryWarnings(seconds, communicator: communicator, remedy: "a shorter --longest-piece")
    guard communicator.rank == 0 else { return }
    for line in lines { StandardError.say("warning: \(line)") }
  }

  /// The encoder of a request, the same on all ranks.
  static func open(_ request: Request, _ communicator: any Communicator) throws -> TrainedEncoder {
    try EncoderChoice.open(
      request.encoder, communicator, say: request.messages.say,
      opening: { try TrainedEncoder($0, longestPiece: request.longestPiece) })
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
  static func file(of path: String, _ messages: MessageOptions) throws -> String {
    let choice = try EncoderChoice(path)
    for note in choice.notes { messages.say(note) }
    return choice.file
  }
}
