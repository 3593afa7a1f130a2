extension TrainingPlan {
  /// Checks that every rank has rows of a batch, and the machine memory for them.
  /// - Throws: `Failure(.usage)` where there are more ranks than a batch has units, or no memory for a rank's rows.
  static func checkRows(_ configuration: Configuration, ranks: Int) throws {
    try configuration.forEachStage { try checkRows(ofStage: $0, ranks: ranks) }
  }

  private static func checkRows(ofStage configuration: Configuration, ranks: Int) throws {
    let batch = configuration.batch
    guard ranks > batch.units else {
      try check(batch, ranks: ranks)
      return try checkFeatures(configuration, ranks: ranks)
    }
    if ranks > batch.rows {
      throw Failure(
        .usage,
        "\(ranks.counted("rank")) for a global batch of \(batch.rows.counted("row")) (batch.speakers · utterances · "
          + "views): start at most \(batch.rows)")
    }
    throw Failure(
      .usage,
      "\(ranks.counted("rank")) for a global batch of \(batch.units) units of \(batch.unit.counted("row")), which "
        + "stay together: start at most \(batch.units), or lower batch.unit to \(batch.rows / ranks)")
  }

  /// Checks that every rank has rows of each micro-batch.
  private static func check(_ batch: Configuration.Batch, ranks: Int) throws {
    let (least, most) = (batch.units / ranks, batch.units / batch.microBatches)
    guard batch.microBatches > least else { return }
    let fewer = most > 0 ? "start at most \(most.counted("rank")), " : ""
    let smaller = batch.unit > 1 ? "lower batch.unit, " : ""
    throw Failure(
      .usage,
      "batch.microBatches: each of \(batch.microBatches) takes a unit of every rank, where one has only \(least) "
        + "\(least == 1 ? "unit" : "units") of \(batch.unit.counted("row")): \(fewer)\(smaller)or set at most \(least)")
  }

  /// The training that a configuration describes, on the corpus that it names.
  /// - Throws: `Failure`, also where it names no corpus.
  public init(_ configuration: Configuration) throws {
    try self.init(configuration, corpus: Self.corpus(of: configuration))
  }

  /// The training that a configuration describes, on the corpus that it names.
  /// - Parameter start: the encoder to start from, read for this configuration; nil where that is not known yet, or
  ///   there is none.
  /// - Throws: `Failure`, also where it names no corpus.
  package init(_ configuration: Configuration, start: StoredEncoder?) throws {
    try self.init(configuration, corpus: Self.corpus(of: configuration), start: start)
  }

  private static func corpus(of configuration: Configuration) throws -> Corpus {
    guard let path = configuration.corpus.train else {
      throw Failure(.usage, "corpus.train: not set: name a data directory, --set corpus.train=DIR")
    }
    return try Corpus.open(path)
  }

  /// The corpus with each voice at each speed, where these count as speakers of their own.
  static func voices(_ settings: Configuration.Augmentation.Speed, _ recorded: Corpus) throws -> Corpus {
    guard settings.asSpeakers else { return recorded }
    guard recorded.utterances.count < Int(Int32.max) / settings.factors.count else {
      throw Failure(
        .usage,
        "augmentation.speed.factors: \(recorded.utterances.count.counted("utterance")) at \(settings.factors.count) "
          + "speeds are more than a corpus can have: give fewer")
    }
    return recorded.atSpeeds(settings.factors)
  }

  /// The utterances whose length the settings allow.
  /// - Throws: `Failure(.usage)` where they allow none.
  static func lasting(_ settings: Configuration.Corpus, _ corpus: Corpus) throws -> Corpus {
    let left = corpus.lasting(settings.lengths)
    guard left.utterances.isEmpty, let longest = corpus.utterances.map(\.seconds).max() else { return left }
    throw Failure(
      .usage,
      "corpus.minimumSeconds and corpus.maximumSeconds leave out all \(corpus.utterances.count.counted("utterance")), "
        + "the longest of which lasts \(longest) s: allow more")
  }

  /// Notes on what the settings made of the corpus, a line each.
  /// - Parameters:
  ///   - whole: the corpus of the lists.
  ///   - recorded: the corpus that the rules of length leave.
  static func notes(
    _ configuration: Configuration, whole: Corpus, recorded: Corpus, _ sampler: SpeakerBatchSampler
  ) -> [String] {
    var notes: [String] = []
    let utterances = whole.utterances.count - recorded.utterances.count
    if utterances > 0 {
      let speakers = whole.speakers.count - recorded.speakers.count
      notes.append(
        "\(utterances) of \(whole.utterances.count) utterances are left out, and \(speakers) of \(whole.speakers.count) "
          + "speakers with them: they are shorter than corpus.minimumSeconds or longer than corpus.maximumSeconds")
    }
    if configuration.batch.sessions == .distinct, !sampler.hasSessions {
      notes.append("batch.sessions: no two utterances of a speaker have ids that name the same session")
    }
    return notes
  }
}
