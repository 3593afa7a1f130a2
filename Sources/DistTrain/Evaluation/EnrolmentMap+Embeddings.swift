extension EnrolmentMap {
  /// The embeddings with one more row for each enrolment, which is the arithmetic mean of the embeddings of its
  /// utterances, without normalising them first (wespeaker).
  ///
  /// - Throws: `Failure(.badData)` that names the line and the utterance which has no embedding.
  package func adding(to embeddings: Embeddings) throws -> Embeddings {
    let vectors = embeddings.vectors
    let joined = Matrix(rows: vectors.rows + enrolments.count, columns: vectors.columns)
    joined.pointer.update(from: vectors.pointer, count: vectors.count)
    var rows = embeddings.rows(of: enrolments.flatMap(\.utterances)).tests[...]
    for (index, enrolment) in enrolments.enumerated() {
      let utterances = try enrolment.utterances.map { utterance in
        guard let row = rows.removeFirst() else {
          throw Failure(
            .badData,
            "\(path), line \(enrolment.line): utterance \(utterance) has no embedding"
              + embeddings.near.hint(at: utterance))
        }
        return Array(UnsafeBufferPointer(start: vectors.row(row), count: vectors.columns))
      }
      joined.row(vectors.rows + index).update(from: Self.mean(utterances), count: vectors.columns)
    }
    return try Embeddings(names: embeddings.names, enrolments: enrolments.map(\.name), vectors: joined)
  }

  /// The arithmetic mean of embeddings, of which there is at least one.
  package static func mean(_ vectors: [[Float]]) -> [Float] {
    (0..<vectors[0].count).map { dimension in
      Float(vectors.reduce(0.0) { $0 + Double($1[dimension]) } / Double(vectors.count))
    }
  }
}
