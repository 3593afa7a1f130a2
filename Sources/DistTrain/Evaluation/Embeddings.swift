/// The embeddings of named utterances or enrolments.
public struct Embeddings: Sendable {
  /// The names of the utterances or enrolments, in the order of the rows.
  public let names: [String]
  /// A matrix of utterances × dimensions.
  public let vectors: Matrix
  /// The identity of the encoder that made them, as `TrainedEncoder.identity` has it; nil where it is not known.
  public var encoder: String?
  /// The number of them that heard the mean of several channels; 0 where that is not known.
  package var averaged = 0
  private let rows: [Name: Int]
  /// The rows of the enrolments, of which an utterance may have the same name.
  private let enrolments: [Name: Int]

  /// - Throws: `Failure(.badData)` when a name comes twice.
  public init(names: [String], vectors: Matrix, encoder: String? = nil) throws {
    try self.init(names: names, enrolments: [], vectors: vectors, encoder: encoder)
  }

  /// - Parameter enrolments: the names of the last rows, each of which is of an enrolment; the others are utterances'.
  /// - Throws: `Failure(.badData)` when a name comes twice among the utterances or among the enrolments.
  init(names: [String], enrolments: [String], vectors: Matrix, encoder: String? = nil) throws {
    self.names = names + enrolments
    precondition(self.names.count == vectors.rows, "\(self.names.count) names for \(vectors.rows) embeddings")
    self.vectors = vectors
    self.encoder = encoder
    rows = try Self.rows(names, from: 0)
    self.enrolments = try Self.rows(enrolments, from: names.count)
  }

  private static func rows(_ names: [String], from first: Int) throws -> [Name: Int] {
    var rows: [Name: Int] = [:]
    rows.reserveCapacity(names.count)
    for (index, name) in names.enumerated() where rows.updateValue(first + index, forKey: Name(name)) != nil {
      throw Failure(.badData, "there are two embeddings of \(name)")
    }
    return rows
  }

  /// The embeddings of enrolments that are these, of utterances or enrolments, and of tests that are others.
  /// - Precondition: both have as many dimensions.
  package func tested(with tests: Embeddings) throws -> Embeddings {
    precondition(tests.vectors.columns == vectors.columns, "embeddings of one encoder have as many dimensions")
    // An utterance may have the name of an enrolment, which is meant then.
    let kept = names.indices.filter { (enrolments[Name(names[$0])] ?? $0) == $0 }
    let both = Matrix(rows: tests.vectors.rows + kept.count, columns: vectors.columns)
    for row in 0..<tests.vectors.rows { both.row(row).update(from: tests.vectors.row(row), count: vectors.columns) }
    for (place, row) in kept.enumerated() {
      both.row(tests.vectors.rows + place).update(from: vectors.row(row), count: vectors.columns)
    }
    return try Embeddings(names: tests.names, enrolments: kept.map { names[$0] }, vectors: both, encoder: encoder)
  }

  /// The row of a name in `vectors`, or nil where there is no such name.
  package func row(of name: String) -> Int? { rows[Name(name)] ?? enrolments[Name(name)] }

  /// The rows in `vectors` of names as enrolments and as tests, or nil where there is no such name. Where nothing has a
  /// name, it may differ from the only one meant in the suffix of the audio file.
  func rows(of wanted: [String]) -> (enrolments: [Int?], tests: [Int?]) {
    var tests = wanted.map { row(of: $0) }
    if tests.contains(nil) {
      let near = near
      for (index, name) in wanted.enumerated() where tests[index] == nil { tests[index] = near.position(of: name) }
    }
    return (zip(wanted, tests).map { enrolments[Name($0)] ?? $1 }, tests)
  }

  /// Finds what is meant by a name that nothing has.
  var near: NearNames { NearNames(names) }

  /// Checks that all embeddings are finite.
  /// - Throws: `Failure(.badData)` that names the first one which is not.
  func checkFinite() throws {
    for (row, name) in names.enumerated() {
      guard (0..<vectors.columns).allSatisfy({ vectors[row, $0].isFinite }) else {
        throw Failure(.badData, "the embedding of \(name) is not finite")
      }
    }
  }

  /// The name of the first embedding that has no direction, because all of it is 0; nil where each has one.
  var firstOfZeros: String? {
    names.indices.first { row in (0..<vectors.columns).allSatisfy { vectors[row, $0] == 0 } }.map { names[$0] }
  }

  /// The mean of all embeddings, which may be subtracted before scoring.
  package var mean: [Float] {
    var sums = [Double](repeating: 0, count: vectors.columns)
    for row in 0..<vectors.rows {
      for column in sums.indices { sums[column] += Double(vectors[row, column]) }
    }
    return sums.map { Float($0 / Double(max(vectors.rows, 1))) }
  }
}
