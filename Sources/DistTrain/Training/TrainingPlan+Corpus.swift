extension TrainingPlan {
  /// The utterances whose length the settings allow.
  static func lasting(_ settings: Configuration.Corpus, _ corpus: Corpus) throws -> Corpus {
    let left = corpus.lasting(settings.lengths)
    guard left.utterances.isEmpty, let longest = corpus.utterances.map(\.seconds).max() else { return left }
    throw Failure(
      .usage,
      "corpus.minimumSeconds and corpus.maximumSeconds leave out all \(corpus.utterances.count) utterances, the longest of "
        + "which lasts \(longest) s: allow more")
  }

  /// - Parameters:
  ///   - whole: what is in the lists.
  ///   - recorded: what the rules of length leave.
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
