/// The embeddings that trials are about.
package struct TrialEmbeddings: Sendable {
  /// The utterances of the tests, and those of the enrolments where these are in a file of their own.
  let embeddings: Embeddings
  private let map: EnrolmentMap?
  /// The seconds of a test of which no more was embedded.
  package var longestTest = Double.infinity

  /// - Parameters:
  ///   - tests: the embeddings of the tests, and of the enrolments that `enrolments` lacks.
  ///   - enrolments: the embeddings of the enrolments; nil where they are among the others.
  ///   - map: the utterances of each enrolment; nil where every enrolment is one utterance.
  /// - Throws: `Failure(.badData)` where the two have other dimensions, or one has a name twice.
  package init(_ tests: Embeddings, enrolments: Embeddings? = nil, map: EnrolmentMap? = nil) throws {
    self.map = map
    guard let enrolments else {
      embeddings = tests
      return
    }
    let (first, second) = (tests.vectors, enrolments.vectors)
    guard first.columns == second.columns else {
      throw Failure(
        .badData,
        "the embeddings of the enrolments have \(second.columns.counted("dimension")), those of the tests "
          + "\(first.columns): embed both with the same encoder")
    }
    let joined = Matrix(rows: first.rows + second.rows, columns: first.columns)
    for row in 0..<joined.rows {
      let (source, place) = row < first.rows ? (first, row) : (second, row - first.rows)
      for column in 0..<joined.columns { joined[row, column] = source[place, column] }
    }
    embeddings = try Embeddings(names: tests.names, enrolments: enrolments.names, vectors: joined)
  }

  /// The sides of a list's trials.
  /// - Throws: `Failure(.badData)` that names the list, the line and the utterance which has no embedding.
  func sides(of list: TrialList) throws -> TrialSides {
    let rows = embeddings.rows(of: list.names)
    let pieces = try pieces()
    var enrolments: [TrialSides.Side] = []
    var tests: [TrialSides.Side] = []
    var places = TrialSides.Places(count: list.names.count)
    for (index, trial) in list.trials.enumerated() {
      if places.enrolments[trial.enrolment] < 0 {
        let name = list.names[trial.enrolment]
        guard let own = pieces[Name(name)] ?? rows.enrolments[trial.enrolment].map({ [$0] }) else {
          throw missing(name, "\(list.path), line \(list.line(of: index))")
        }
        places.enrolments[trial.enrolment] = enrolments.count
        enrolments.append(TrialSides.Side(name: name, rows: own))
      }
      if places.tests[trial.test] < 0 {
        let name = list.names[trial.test]
        guard let row = rows.tests[trial.test] else {
          throw missing(name, "\(list.path), line \(list.line(of: index))")
        }
        places.tests[trial.test] = tests.count
        tests.append(TrialSides.Side(name: name, rows: [row]))
      }
    }
    return TrialSides(enrolments: enrolments, tests: tests, places: places)
  }

  /// The utterances of a list's trials, each once.
  /// - Throws: `Failure(.badData)` as `sides` does.
  package func utterances(of list: TrialList) throws -> [String] {
    let sides = try sides(of: list)
    return Set((sides.enrolments + sides.tests).flatMap(\.rows)).sorted().map { embeddings.names[$0] }
  }

  /// The rows of each enrolment of the map.
  private func pieces() throws -> [Name: [Int]] {
    guard let map else { return [:] }
    var rows = embeddings.rows(of: map.enrolments.flatMap(\.utterances)).enrolments[...]
    var pieces: [Name: [Int]] = [:]
    for enrolment in map.enrolments {
      pieces[Name(enrolment.name)] = try enrolment.utterances.map { utterance in
        guard let row = rows.removeFirst() else { throw missing(utterance, "\(map.path), line \(enrolment.line)") }
        return row
      }
    }
    return pieces
  }

  private func missing(_ name: String, _ place: String) -> Failure {
    Failure(.badData, "\(place): utterance \(name) has no embedding" + embeddings.near.hint(at: name))
  }
}

/// The enrolments and tests of a list's trials, each once, in the order in which they first come.
struct TrialSides: Sendable {
  /// One enrolment or test.
  struct Side: Sendable, Equatable {
    let name: String
    /// The rows of its utterances among the embeddings.
    let rows: [Int]
  }

  /// The places of a list's names among the sides, or -1 where no trial has it on that side.
  struct Places: Sendable {
    var enrolments: [Int]
    var tests: [Int]

    init(count: Int) {
      enrolments = [Int](repeating: -1, count: count)
      tests = enrolments
    }
  }

  let enrolments: [Side]
  let tests: [Side]
  let places: Places
}
