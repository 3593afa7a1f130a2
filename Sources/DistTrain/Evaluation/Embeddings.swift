/// The embeddings of named utterances or enrolments.
public struct Embeddings: Sendable {
  public let names: [String]
  /// A matrix of utterances × dimensions.
  public let vectors: Matrix
  /// The identity of the encoder that made them, as `TrainedEncoder.identity` has it; nil where it is not known.
  public var encoder: String?
  private let rows: [String: Int]

  /// - Throws: `Failure(.badData)` when a name comes twice.
  public init(names: [String], vectors: Matrix, encoder: String? = nil) throws {
    precondition(names.count == vectors.rows, "\(names.count) names for \(vectors.rows) embeddings")
    var rows: [String: Int] = [:]
    rows.reserveCapacity(names.count)
    for (row, name) in names.enumerated() where rows.updateValue(row, forKey: name) != nil {
      throw Failure(.badData, "there are two embeddings of \(name)")
    }
    self.names = names
    self.vectors = vectors
    self.encoder = encoder
    self.rows = rows
  }

  /// The row of a name in `vectors`, or nil where there is no such name.
  package func row(of name: String) -> Int? { rows[name] }

  /// The mean of all embeddings, which may be subtracted before scoring.
  package var mean: [Float] {
    var sums = [Double](repeating: 0, count: vectors.columns)
    for row in 0..<vectors.rows {
      for column in sums.indices { sums[column] += Double(vectors[row, column]) }
    }
    return sums.map { Float($0 / Double(max(vectors.rows, 1))) }
  }
}
