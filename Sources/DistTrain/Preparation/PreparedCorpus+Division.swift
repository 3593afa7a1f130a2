extension PreparedCorpus {
  /// The division of usable utterances into what is trained on and what is evaluated on.
  struct Division {
    private let preparation: CorpusPreparation
    private let trials: Int?
    private let seed: UInt64

    /// - Parameters:
    ///   - trials: the number of trials to draw; nil draws the default number over held-out speakers, and none
    ///     otherwise.
    ///   - seed: decides which trials are drawn.
    init(_ preparation: CorpusPreparation, trials: Int?, seed: UInt64) {
      self.preparation = preparation
      self.trials = trials
      self.seed = seed
    }

    /// The parts, of which the first is trained on.
    /// - Parameters:
    ///   - whole: the corpus of all usable utterances.
    ///   - held: the speakers to evaluate on; nil for no division.
    /// - Throws: `Failure(.usage)` where a corpus that has its own evaluation is to be divided, and what `TrialDraw`
    ///   throws.
    func parts(_ whole: Corpus, held: Set<Name>?) throws -> [Part] {
      let all = preparation.utterances
      if let published = preparation.evaluation?.published {
        guard held == nil, trials == nil else {
          throw Failure(
            .usage, "the corpus has an evaluation of its own: leave out --hold-out, --evaluation-speakers and --trials")
        }
        return [
          Part(name: "train", utterances: all),
          Part(name: "evaluation", utterances: published.utterances, published: published),
        ]
      }
      guard let held else {
        let drawn = try trials == nil ? nil : draw(whole)
        return [Part(name: "", utterances: all, trials: drawn, kept: kept(all, trials: trials == nil))]
      }
      let training = all.filter { !held.contains(Name($0.speaker)) }
      let evaluation = all.filter { held.contains(Name($0.speaker)) }
      return [
        Part(name: "train", utterances: training, kept: kept(training)),
        Part(name: "evaluation", utterances: evaluation, trials: try draw(Corpus(evaluation)), kept: kept(evaluation)),
      ]
    }

    private func draw(_ corpus: Corpus) throws -> TrialDraw {
      try TrialDraw(corpus: corpus, count: trials, seed: seed)
    }

    /// The part of the source's own lists that is kept.
    private func kept(_ utterances: [ListedUtterance], trials: Bool = false) -> KeptLists? {
      preparation.companions.map { KeptLists($0, of: utterances, keepsTrials: trials) }
    }
  }
}
