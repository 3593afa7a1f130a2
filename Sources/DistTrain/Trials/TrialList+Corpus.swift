extension TrialList {
  /// The position in a corpus of each of `names`; that of an enrolment is its first utterance's. A name that no
  /// utterance has may differ from the only one meant in the suffix of the audio file.
  /// - Throws: `Failure(.badData)` with the first line that names an utterance which the corpus does not have.
  package func positions(in corpus: Corpus, enrolments: EnrolmentMap? = nil) throws -> [Int] {
    var pieces: [Name: Int] = [:]
    if let enrolments {
      for (enrolment, positions) in zip(enrolments.enrolments, try enrolments.positions(in: corpus)) {
        pieces[Name(enrolment.name)] = positions[0]
      }
    }
    let positions = corpus.positions(of: names) { pieces[Name($0)] }
    for (index, trial) in trials.enumerated() {
      for name in [trial.enrolment, trial.test] where positions[name] == nil {
        throw corpus.missing(names[name], "\(path), line \(line(of: index))")
      }
    }
    return positions.compactMap(\.self)
  }

  /// One line about the trials whose answers the corpus's speakers contradict; nil where there are none.
  /// - Parameter positions: the position in the corpus of each of `names`.
  package func contradictions(of corpus: Corpus, _ positions: [Int]) -> String? {
    guard !isBlind else { return nil }
    let speakers = positions.map { corpus.utterances[$0].speaker }
    let wrong = trials.indices.filter {
      trials[$0].isTarget != (speakers[trials[$0].enrolment] == speakers[trials[$0].test])
    }
    guard let first = wrong.first else { return nil }
    let trial = trials[first]
    return "\(path): the corpus's speakers contradict \(wrong.count) of \(trials.count) trials, the first in line "
      + "\(line(of: first)): \(names[trial.enrolment]) is of \(corpus.speakers[speakers[trial.enrolment]]), "
      + "\(names[trial.test]) of \(corpus.speakers[speakers[trial.test]]), but the list says "
      + (trial.isTarget ? "target" : "nontarget")
  }
}

extension EnrolmentMap {
  /// One line about the enrolments whose utterances are of several of the corpus's speakers; nil where there are none.
  /// - Throws: `Failure(.badData)` with the first line that names an utterance which the corpus does not have.
  package func mixtures(of corpus: Corpus) throws -> String? {
    func speaker(_ position: Int) -> String { corpus.speakers[corpus.utterances[position].speaker] }
    let mixed = zip(enrolments, try positions(in: corpus)).compactMap { enrolment, positions in
      let other = positions.firstIndex { corpus.utterances[$0].speaker != corpus.utterances[positions[0]].speaker }
      return other.map { (enrolment: enrolment, positions: positions, other: $0) }
    }
    guard let first = mixed.first else { return nil }
    let (utterances, positions, other) = (first.enrolment.utterances, first.positions, first.other)
    return "\(path): \(mixed.count) of \(enrolments.count) enrolments mix the corpus's speakers, the first in line "
      + "\(first.enrolment.line): in \(first.enrolment.name), \(utterances[0]) is of \(speaker(positions[0])), "
      + "\(utterances[other]) of \(speaker(positions[other]))"
  }

  /// The positions in a corpus of each enrolment's utterances.
  /// - Throws: `Failure(.badData)` with the first line that names an utterance which the corpus does not have.
  fileprivate func positions(in corpus: Corpus) throws -> [[Int]] {
    let utterances = enrolments.flatMap(\.utterances)
    var positions = corpus.positions(of: utterances) { _ in nil }[...]
    return try enrolments.map { enrolment in
      let own = positions.prefix(enrolment.utterances.count)
      positions = positions.dropFirst(own.count)
      if let missing = own.firstIndex(of: nil) {
        throw corpus.missing(utterances[missing], "\(path), line \(enrolment.line)")
      }
      return own.compactMap(\.self)
    }
  }
}

extension Corpus {
  /// The positions of named utterances, or nil where there is none.
  /// - Parameter known: the positions that are known beforehand.
  fileprivate func positions(of names: [String], known: (String) -> Int?) -> [Int?] {
    var positions = names.map { known($0) ?? utterance(named: $0) }
    guard positions.contains(nil) else { return positions }
    let near = NearNames(utterances.lazy.map(\.id))
    for (index, name) in names.enumerated() where positions[index] == nil { positions[index] = near.position(of: name) }
    return positions
  }

  fileprivate func missing(_ name: String, _ place: String) -> Failure {
    let remedy = losses(in: "the corpus").first ?? "correct the list, or name the corpus it is about"
    let hint = NearNames(utterances.lazy.map(\.id)).hint(at: name)
    return Failure(
      .badData, "\(place): utterance \(name) is not in the corpus it is scored on: \(remedy)\(hint)")
  }
}
