/// Prototypes of the speakers, shared out over holders: each compares all rows of the global batch with its own.
///
/// The softmax over all speakers is exact. For each row holders exchange the largest logit, the sum of exponentials and
/// the target's cosine, and they sum the gradient of the embeddings; that of the prototypes stays where they are.
package struct ShardedClassifier: Classifier {
  package let pieces: PrototypePieces
  /// The draw of the speakers that a step compares its rows with; nil for all.
  private let sampling: SpeakerSampling?

  /// All prototypes, of one holder.
  /// - Parameter sampling: the draw of the speakers that a step compares its rows with; nil for all.
  package init(speakers: Int, subcenters: Int = 1, sampling: SpeakerSampling? = nil) {
    self.init(PrototypePieces(speakers: speakers, subcenters: subcenters), sampling)
  }

  private init(_ pieces: PrototypePieces, _ sampling: SpeakerSampling?) {
    self.pieces = pieces
    self.sampling = sampling
  }

  /// The part of one of several holders.
  package func held(by holder: Int, of holders: Int) -> ShardedClassifier {
    ShardedClassifier(
      PrototypePieces(
        speakers: pieces.speakers, subcenters: pieces.subcenters, holder: holder, of: holders), sampling)
  }

  /// The layout of this holder's stretch of the tensor that a `PrototypeClassifier` has whole.
  package func layout(dimensions: Int) -> ParameterLayout {
    let whole = PrototypeClassifier(speakers: pieces.speakers, subcenters: pieces.subcenters)
    let own = pieces.rows(of: pieces.own)
    return whole.layout(dimensions: dimensions).stretch(own)
  }

  package func classify(_ batch: ObjectiveBatch, parameters: MatrixView) -> any Classification {
    let rows = pieces.rows(of: pieces.own).count
    let values = MatrixView(parameters.pointer, rows: rows, columns: batch.embeddings.columns)
    return ShardedClassification(PrototypeTable(pieces, values, drawn: drawn(for: batch)), batch: batch)
  }

  /// The speakers of each of this holder's pieces that a batch is compared with; nil for all.
  private func drawn(for batch: ObjectiveBatch) -> [[Int]]? {
    guard let sampling else { return nil }
    return pieces.own.map { piece in
      let speakers = pieces.speakers(of: piece)
      let own = Set(batch.speakers.filter(speakers.contains).map { $0 - speakers.lowerBound })
      return sampling.speakers(ofPiece: piece, count: speakers.count, step: batch.moment.step, with: own)
    }
  }

  /// The number of floats of the cosines of all rows with this holder's prototypes, and of what a piece takes.
  /// - Parameter rows: the number of rows of the global batch.
  package func workspace(rows: Int, dimensions: Int) -> Int {
    let own = pieces.rows(of: pieces.own).count
    let largest = (0..<pieces.count).map { pieces.rows(of: $0..<$0 + 1).count }.max() ?? 0
    return rows * own + largest * (dimensions + rows) + 8 * rows * dimensions
  }
}
