/// The cosines of embeddings with the speakers' prototypes. Where a speaker has several (subcentres), the nearest one
/// counts (Deng et al., "Sub-center ArcFace", 2020).
package struct SpeakerCosines: Sendable {
  package let speakers: Int
  package let subcenters: Int
  /// The cosine of each row with each speaker, rows × speakers.
  package let values: Matrix
  /// The nearest prototype of each row and speaker; empty where each speaker has one.
  private let nearest: [Int32]

  /// - Parameters:
  ///   - embeddings: rows of length one, rows × dimensions.
  ///   - prototypes: rows of length one, (speakers · subcenters) × dimensions, in which the prototypes of a speaker
  ///     follow one another.
  package init(embeddings: MatrixView, prototypes: Matrix, subcenters: Int) {
    self.subcenters = subcenters
    speakers = prototypes.rows / subcenters
    let all = Matrix(rows: embeddings.rows, columns: prototypes.rows)
    multiply(embeddings, transposed: prototypes.view, into: all.view)
    guard subcenters > 1 else {
      values = all
      nearest = []
      return
    }
    let best = Matrix(rows: embeddings.rows, columns: speakers)
    var nearest = [Int32](repeating: 0, count: best.count)
    for row in 0..<best.rows {
      for speaker in 0..<speakers {
        let first = speaker * subcenters
        let winner = (first..<first + subcenters).max { all[row, $0] < all[row, $1] } ?? first
        best[row, speaker] = all[row, winner]
        nearest[row * speakers + speaker] = Int32(winner)
      }
    }
    values = best
    self.nearest = nearest
  }

  /// The prototype that counts for a row and a speaker, by its number.
  func prototype(_ row: Int, _ speaker: Int) -> Int {
    subcenters == 1 ? speaker : Int(nearest[row * speakers + speaker])
  }

  /// The gradient of the cosines with every prototype, rows × (speakers · subcenters), computed from that of `values`.
  package func spread(_ gradient: Matrix) -> Matrix {
    if subcenters == 1 { return gradient }
    let result = Matrix.zeros(rows: gradient.rows, columns: speakers * subcenters)
    for row in 0..<gradient.rows {
      for speaker in 0..<speakers {
        result[row, Int(nearest[row * speakers + speaker])] = gradient[row, speaker]
      }
    }
    return result
  }
}
