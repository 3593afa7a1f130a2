/// What is known of the utterances of a list of trials, to divide the trials by.
package struct TrialProperties: Sendable {
  private let list: TrialList
  private let corpus: (folder: String, corpus: Corpus, positions: [Int])?
  private let table: UtteranceTable?
  /// The enrolments that are not utterances of the corpus.
  private let enrolments: Set<Name>

  /// - Parameters:
  ///   - corpus: a data directory with the utterances.
  ///   - table: a table of the utterances, which comes before the corpus's lists.
  /// - Throws: `Failure(.badData)` where either cannot be read, or the corpus lacks an utterance of the trials.
  package init(of list: TrialList, corpus: String?, enrolmentMap: String?, table: String?) throws {
    self.list = list
    let map = try enrolmentMap.map { try EnrolmentMap.read($0) }
    enrolments = Set(map?.enrolments.map { Name($0.name) } ?? [])
    self.corpus = try corpus.map { folder in
      let opened = try Corpus.open(folder)
      return (folder, opened, try list.positions(in: opened, enrolments: map))
    }
    self.table = try table.map { try UtteranceTable(path: $0) }
  }

  /// The line about the trials that the corpus contradicts (`TrialList.contradictions`).
  package var warning: String? { corpus.flatMap { list.contradictions(of: $0.corpus, $0.positions) } }

  /// The speakers of the trials: those of the corpus, and without one what the answers tell.
  package var speakers: TrialSpeakers {
    let pairs = list.trials.map { (enrolment: $0.enrolment, test: $0.test) }
    guard let corpus else { return TrialSpeakers(pairs: pairs, targets: list.targets, names: list.names.count) }
    return TrialSpeakers(pairs: pairs, speakers: corpus.positions.map { corpus.corpus.utterances[$0].speaker })
  }

  /// The path of each of the list's names, where a corpus tells it.
  package func path(_ name: Int) -> String {
    guard let corpus, !enrolments.contains(Name(list.names[name])) else { return list.names[name] }
    return corpus.corpus.utterances[corpus.positions[name]].path
  }

  /// The bounds in seconds between groups of trials by length.
  private static let lengths = [1.0, 2, 3, 5, 10]

  /// The classes of a property, and those of each trial's enrolment and test.
  ///
  /// `duration` is the length of the shorter recording, or of the test where the enrolment is made of several. Any other
  /// name is that of a column of the table, or NAME of a list `utt2NAME` or `spk2NAME` in the corpus's folder.
  /// - Throws: `Failure(.usage)` where nothing tells the property.
  package func classes(_ property: String) throws -> (names: [String], pairs: [(enrolment: Int, test: Int)]) {
    if property == "duration", table?.columns.contains(property) != true {
      let classes = ValueClasses(try shorterLengths(), bounds: Self.lengths, unit: " s")
      return (classes.names, classes.numbers.map { ($0, $0) })
    }
    let classes = ValueClasses(try values(property))
    return (classes.names, list.trials.map { (classes.numbers[$0.enrolment], classes.numbers[$0.test]) })
  }

  private func shorterLengths() throws -> [Double?] {
    guard let corpus else {
      throw Failure(.usage, "--by duration: lengths are those of a corpus: name it with --corpus")
    }
    return list.trials.map { trial in
      let test = corpus.corpus.utterances.seconds(corpus.positions[trial.test])
      guard !enrolments.contains(Name(list.names[trial.enrolment])) else { return test }
      return min(test, corpus.corpus.utterances.seconds(corpus.positions[trial.enrolment]))
    }
  }

  private func values(_ property: String) throws -> [String?] {
    if let table, table.columns.contains(property) || corpus == nil {
      return try table.values(property, of: list.names)
    }
    guard let corpus else {
      throw Failure(
        .usage, "--by \(property): nothing tells it: name a table with --table, or a data directory with --corpus")
    }
    if let values = try CorpusProperty.values(
      property, of: corpus.positions, in: corpus.corpus, folder: corpus.folder)
    {
      return values
    }
    throw Failure(
      .usage,
      "--by \(property): \(corpus.folder) has neither utt2\(property) nor spk2\(property)"
        + (table == nil ? "; --table names a table with such a column" : ", and the table no such column"))
  }
}
