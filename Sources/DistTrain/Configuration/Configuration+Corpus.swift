extension Configuration {
  /// The data: Kaldi-style directories (`wav.scp`, `utt2spk`) and a trial list.
  package struct Corpus: Codable, Sendable, Equatable {
    package var train: String?
    package var evaluation: String?
    package var trials: String?
    package var minimumSeconds = 0.0
    package var maximumSeconds: Double?

    package init() {}

    /// The accepted lengths of utterances to train on, in seconds.
    package var lengths: ClosedRange<Double> { minimumSeconds...max(minimumSeconds, maximumSeconds ?? .infinity) }

    static let settings = [
      Setting("corpus.train", \.corpus.train, "data directory to train on"),
      Setting(
        "corpus.evaluation", \.corpus.evaluation, "data directory of other speakers, evaluated during training",
        changesResult: false),
      Setting("corpus.trials", \.corpus.trials, "trial list over corpus.evaluation", changesResult: false),
      Setting(
        "corpus.minimumSeconds", \.corpus.minimumSeconds, "shorter utterances of corpus.train are left out",
        allowed: .from(0, to: AudioFile.longest)),
      Setting(
        "corpus.maximumSeconds", \.corpus.maximumSeconds, "longer utterances of corpus.train are left out",
        allowed: .above(0, to: AudioFile.longest)),
    ]
  }
}
