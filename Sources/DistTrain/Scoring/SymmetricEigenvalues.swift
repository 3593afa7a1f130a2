/// The eigenvalues and eigenvectors of a symmetric matrix by cyclic Jacobi rotations (Golub and Van Loan, Matrix
/// Computations, section 8.5): A = Vᵀ·diag(values)·V, where the rows of V are orthonormal.
///
/// Rotations follow each other in one order on one thread, so that the result depends on the matrix alone. Each
/// eigenvector's element of largest magnitude is positive.
/// - Complexity: O(n³) for each of some ten sweeps, which take a second for n = 256 and eight for n = 512; a few sweeps
///   are enough where the matrix is nearly diagonal.
package struct SymmetricEigenvalues: Sendable {
  /// The eigenvalues in descending order.
  package let values: [Double]
  /// The eigenvectors as rows, in the order of the eigenvalues.
  package let vectors: DoubleMatrix

  /// The most sweeps over all pairs; convergence is quadratic at the end, and comes within a dozen.
  private static let mostSweeps = 60

  /// Decomposes a symmetric matrix.
  /// - Throws: `Failure(.badData)` where an element is not finite.
  package init(of matrix: DoubleMatrix) throws {
    precondition(matrix.rows == matrix.columns, "eigenvalues are of a square matrix")
    guard matrix.values.allSatisfy(\.isFinite) else {
      throw Failure(.badData, "a covariance of the embeddings is not finite: are they broken?")
    }
    let count = matrix.rows
    var elements = matrix.values
    var turns = DoubleMatrix.diagonal([Double](repeating: 1, count: count)).values
    elements.withUnsafeMutableBufferPointer { elements in
      turns.withUnsafeMutableBufferPointer { turns in
        for _ in 0..<Self.mostSweeps where !Self.isDiagonal(elements, count) {
          for first in 0..<max(count - 1, 0) {
            for second in first + 1..<count { Self.rotate(elements, turns, count, first, second) }
          }
        }
      }
    }
    let order = (0..<count).sorted { left, right in
      let (one, other) = (elements[left * (count + 1)], elements[right * (count + 1)])
      return one == other ? left < right : one > other
    }
    values = order.map { elements[$0 * (count + 1)] }
    vectors = DoubleMatrix(
      rows: count, columns: count, order.flatMap { Self.signed(turns[$0 * count..<($0 + 1) * count]) })
  }

  /// Whether what is off the diagonal no longer changes the eigenvalues: their error is its square by their distance.
  private static func isDiagonal(_ elements: UnsafeMutableBufferPointer<Double>, _ count: Int) -> Bool {
    var (outside, all) = (0.0, 0.0)
    for row in 0..<count {
      for column in 0..<count {
        let square = elements[row * count + column] * elements[row * count + column]
        all += square
        if row != column { outside += square }
      }
    }
    return outside <= 1e-30 * all
  }

  /// Turns two axes such that the element at their crossing vanishes.
  private static func rotate(
    _ elements: UnsafeMutableBufferPointer<Double>, _ turns: UnsafeMutableBufferPointer<Double>, _ count: Int,
    _ first: Int, _ second: Int
  ) {
    let crossing = elements[first * count + second]
    guard crossing != 0 else { return }
    let (one, other) = (elements[first * (count + 1)], elements[second * (count + 1)])
    // The smaller root of t² + 2θt − 1 = 0 turns by at most 45°.
    let theta = (other - one) / (2 * crossing)
    let tangent = (theta < 0 ? -1 : 1) / (abs(theta) + (1 + theta * theta).squareRoot())
    let cosine = 1 / (1 + tangent * tangent).squareRoot()
    let sine = tangent * cosine
    turn(elements, count, first, second, cosine, sine)
    turn(turns, count, first, second, cosine, sine)
    elements[first * (count + 1)] = one - tangent * crossing
    elements[second * (count + 1)] = other + tangent * crossing
    elements[first * count + second] = 0
    elements[second * count + first] = 0
    for column in 0..<count where column != first && column != second {
      elements[column * count + first] = elements[first * count + column]
      elements[column * count + second] = elements[second * count + column]
    }
  }

  /// Turns two rows.
  private static func turn(
    _ elements: UnsafeMutableBufferPointer<Double>, _ count: Int, _ first: Int, _ second: Int, _ cosine: Double,
    _ sine: Double
  ) {
    let (one, other) = (first * count, second * count)
    for column in 0..<count {
      let (x, y) = (elements[one + column], elements[other + column])
      elements[one + column] = cosine * x - sine * y
      elements[other + column] = sine * x + cosine * y
    }
  }

  private static func signed(_ vector: ArraySlice<Double>) -> [Double] {
    let largest = vector.max { abs($0) < abs($1) } ?? 0
    return largest < 0 ? vector.map { -$0 } : Array(vector)
  }
}
