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
      var sums = [Double](repeating: 0, count: vectors.columns)
      for utterance in enrolment.utterances {
        guard let row = rows.removeFirst() else {
          throw Failure(
            .badData,
            "\(path), line \(enrolment.line): utterance \(utterance) has no embedding"
              + embeddings.near.hint(at: utterance))
        }
        for column in sums.indices { sums[column] += Double(vectors[row, column]) }
      }
      for column in sums.indices {
        joined[vectors.rows + index, column] = Float(sums[column] / Double(enrolment.utterances.count))
      }
    }
    return try Embeddings(names: embeddings.names, enrolments: enrolments.map(\.name), vectors: joined)
  }
}
