/// A set of held-out trials that a run is evaluated on: that of `corpus.evaluation`, whose EER decides which checkpoint is
/// the best, or one of `evaluation.sets`.
struct HeldOutSet: Sendable {
  /// Nil for the set of `corpus.evaluation`.
  let name: String?
  let evaluation: HeldOutEvaluation
  /// The setting that names the corpus.
  private let setting: String

  /// The set in lines about its error rates.
  var title: String { name ?? "held-out" }

  /// Reads the sets that a configuration names, that of `corpus.evaluation` first.
  /// - Throws: `Failure` where one cannot be read, or settings that belong together are not there.
  static func read(_ configuration: Configuration) throws -> [HeldOutSet] {
    switch (configuration.corpus.evaluation, configuration.corpus.trials) {
    case (let corpus?, let trials?):
      let first = HeldOutSet(
        name: nil, evaluation: try HeldOutEvaluation(corpus: corpus, trials: trials), setting: "corpus.evaluation")
      return [first] + (try configuration.evaluation.sets.map(read))
    case (nil, nil): return []
    default: throw Failure(.usage, "corpus.evaluation and corpus.trials belong together: set both or neither")
    }
  }

  private static func read(_ set: Configuration.EvaluationSet) throws -> HeldOutSet {
    do {
      return HeldOutSet(
        name: set.name, evaluation: try HeldOutEvaluation(corpus: set.corpus, trials: set.trials),
        setting: "the corpus of \(set.name) (evaluation.sets)")
    } catch {
      let failure = Failure(error)
      throw Failure(failure.kind, "evaluation.sets, \(set.name): \(failure.message)")
    }
  }

  /// Lines about the speakers and recordings that the set's corpus shares with the one to train on, where that is
  /// allowed, and about what was not compared.
  /// - Throws: `Failure(.badData)` where it is not allowed.
  func overlap(with corpus: Corpus, _ options: RunSession.Options) throws -> [String] {
    let overlap = CorpusOverlap(
      training: corpus, evaluation: evaluation.corpus, counting: options.countsComparisons)
    let notes = overlap.unread.map { ["note: corpus.train and \(setting): \($0)"] } ?? []
    guard let shared = overlap.summary else { return notes }
    let line = "corpus.train and \(setting) share \(shared)"
    guard options.allowsOverlap else {
      throw Failure(
        .badData,
        "\(line): its error rate would not be that of unknown speakers; hold speakers out (svdist prepare --hold-out), or "
          + "give --allow-overlap where the names mean others or it is wanted")
    }
    return ["warning: \(line)"] + notes
  }

  /// A note on how the set is embedded.
  func note(_ remark: String) -> String {
    "note: \(name.map { "evaluation of \($0)" } ?? "held-out evaluation"): \(remark)"
  }
}
