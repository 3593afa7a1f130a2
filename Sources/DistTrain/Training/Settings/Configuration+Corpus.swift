extension Configuration {
  /// The data: Kaldi-style directories (`wav.scp`, `utt2spk`) and a trial list.
  package struct Corpus: Codable, Sendable, Equatable {
    package var train: String?
    package var evaluation: String?
    package var trials: String?

    package init() {}

    static let settings = [
      Setting("corpus.train", \.corpus.train, "data directory to train on"),
      Setting(
        "corpus.evaluation", \.corpus.evaluation, "data directory of other speakers, evaluated during training",
        changesResult: false),
      Setting("corpus.trials", \.corpus.trials, "trial list over corpus.evaluation", changesResult: false),
    ]
  }
}
