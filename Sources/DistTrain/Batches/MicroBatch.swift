/// The rows of a global batch that go through the encoder together, as one rank has them: whole units of the batch.
package struct MicroBatch: Sendable {
  /// This rank's rows of each unit, counted from the first that it has of the batch, in their order.
  package let rows: [Range<Int>]
  /// The units of each rank, numbered among those of the micro-batch.
  package let shares: TermShares
  /// This rank's units.
  package let units: BatchUnits

  /// The number of this rank's rows.
  package var utterances: Int { rows.reduce(0) { $0 + $1.count } }

  /// This rank's columns of a matrix that has as many columns of each of its rows of the batch, copied unless they are
  /// all.
  package func columns(of matrix: Matrix, rows all: Int) -> Matrix {
    guard utterances < all else { return matrix }
    let width = matrix.columns / all
    let result = Matrix(rows: matrix.rows, columns: utterances * width)
    func columns(of rows: Range<Int>) -> Range<Int> { rows.lowerBound * width..<rows.upperBound * width }
    forEachStretch { matrix.columns(columns(of: $0)).copy(to: result.columns(columns(of: $1))) }
    return result
  }

  /// This rank's rows of a matrix of its rows of the batch, copied unless they are all.
  package func rows(of matrix: Matrix) -> Matrix {
    guard utterances < matrix.rows else { return matrix }
    let result = Matrix(rows: utterances, columns: matrix.columns)
    forEachStretch { matrix.rows($0).copy(to: result.rows($1)) }
    return result
  }

  /// Copies a matrix of this micro-batch's rows to their places in one of all of this rank's rows of the batch.
  package func put(_ matrix: Matrix, into all: Matrix) {
    forEachStretch { matrix.rows($1).copy(to: all.rows($0)) }
  }

  private func forEachStretch(_ body: (_ inBatch: Range<Int>, _ here: Range<Int>) -> Void) {
    var end = 0
    for range in rows {
      body(range, end..<end + range.count)
      end += range.count
    }
  }
}
