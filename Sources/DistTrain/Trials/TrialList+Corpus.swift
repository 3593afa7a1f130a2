extension TrialList {
  /// The position in a corpus of each of `names`.
  /// - Throws: `Failure(.badData)` with the first line that names an utterance which the corpus does not have.
  package func positions(in corpus: Corpus) throws -> [Int] {
    let positions = names.map { corpus.utterance(named: $0) }
    if positions.contains(nil) {
      for (index, trial) in trials.enumerated() {
        for name in [trial.enrolment, trial.test] where positions[name] == nil {
          throw Failure(
            .badData,
            "\(path), line \(line(of: index)): utterance \(names[name]) is not in the corpus it is scored on: "
              + (corpus.damages.isEmpty
                ? "correct the list, or name the corpus it is about" : corpus.damages.summary(in: "its shards")))
        }
      }
    }
    return positions.compactMap { $0 }
  }
}
