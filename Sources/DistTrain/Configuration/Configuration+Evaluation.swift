extension Configuration {
  /// Evaluation during training, where `corpus.evaluation` and `corpus.trials` are set.
  package struct Evaluation: Codable, Sendable, Equatable {
    /// The allowed lengths in seconds of the longest piece. An utterance's equal pieces are longer than half of it, and
    /// less than a second hardly tells a speaker; an hour takes some tens of gigabytes.
    package static let longestPieces = 2.0...3600

    package var everySteps = 500
    /// The length in seconds of the longest utterance that is embedded as a whole.
    package var longestPiece = 300.0
    /// Sets of trials beside those of the corpus's.
    package var sets: [EvaluationSet] = []

    package init() {}

    static let settings = [
      Setting(
        "evaluation.everySteps", \.evaluation.everySteps, "steps between evaluations; 0 = only after the last step",
        allowed: .steps(from: 0), changesResult: false),
      Setting(
        "evaluation.longestPiece", \.evaluation.longestPiece, "seconds; longer utterances are embedded in equal pieces",
        allowed: .from(longestPieces.lowerBound, to: longestPieces.upperBound), changesResult: false),
      Setting(
        EvaluationSet.key, \.evaluation.sets, "further ones to evaluate: [{name: x, corpus: folder, trials: file}]",
        changesResult: false),
    ]
  }
}

extension Configuration {
  /// The times at which the state of the run is saved; it is always saved after the last step.
  package struct Checkpoint: Codable, Sendable, Equatable {
    package var everySteps = 500
    package var everyMinutes = 15.0
    package var keep = 3
    package var keepBest = true

    package init() {}

    static let settings = [
      Setting(
        "checkpoint.everySteps", \.checkpoint.everySteps, "steps between checkpoints; 0 = not by steps",
        allowed: .steps(from: 0), changesResult: false),
      Setting(
        "checkpoint.everyMinutes", \.checkpoint.everyMinutes, "minutes between checkpoints; 0 = not by time",
        allowed: .from(0, to: 1_000_000), changesResult: false),
      Setting(
        "checkpoint.keep", \.checkpoint.keep, "newest checkpoints kept",
        allowed: .from(1, to: 1_000_000), changesResult: false),
      Setting(
        "checkpoint.keepBest", \.checkpoint.keepBest, "also keep the checkpoint of the lowest held-out EER",
        changesResult: false),
    ]
  }
}
