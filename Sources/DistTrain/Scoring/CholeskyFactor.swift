/// The lower triangular L of a symmetric positive definite matrix A = L·Lᵀ.
/// - Complexity: O(n³) on one thread.
package struct CholeskyFactor: Sendable {
  private let lower: DoubleMatrix

  /// Factors a matrix; nil where it is not positive definite, or so little that rounding decides.
  package init?(_ matrix: DoubleMatrix) {
    precondition(matrix.rows == matrix.columns, "a Cholesky factor is of a square matrix")
    let count = matrix.rows
    var lower = DoubleMatrix.zeros(rows: count, columns: count)
    for row in 0..<count {
      for column in 0...row {
        var sum = matrix[row, column]
        for inner in 0..<column { sum -= lower[row, inner] * lower[column, inner] }
        if row > column {
          lower[row, column] = sum / lower[column, column]
        } else {
          guard sum.isFinite, sum > 1e-13 * matrix[row, row] else { return nil }
          lower[row, row] = sum.squareRoot()
        }
      }
    }
    self.lower = lower
  }

  /// L⁻¹·B.
  package func solved(_ right: DoubleMatrix) -> DoubleMatrix {
    var result = right
    for row in 0..<right.rows {
      for inner in 0..<row {
        let factor = lower[row, inner]
        for column in 0..<right.columns { result[row, column] -= factor * result[inner, column] }
      }
      for column in 0..<right.columns { result[row, column] /= lower[row, row] }
    }
    return result
  }

  /// The solution x of A·x = b.
  package func solution(_ right: [Double]) -> [Double] {
    let count = lower.rows
    var result = solved(DoubleMatrix(rows: count, columns: 1, right)).values
    for row in (0..<count).reversed() {
      for inner in row + 1..<count { result[row] -= lower[inner, row] * result[inner] }
      result[row] /= lower[row, row]
    }
    return result
  }
}
