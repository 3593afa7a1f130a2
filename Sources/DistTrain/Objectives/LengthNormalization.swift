internal import CKernels

/// Rows divided by their Euclidean lengths.
package struct LengthNormalization: Sendable {
  /// The rows at length one.
  package let unit: Matrix
  package let lengths: [Float]

  package init(_ rows: Matrix) { self.init(rows.view) }

  package init(_ rows: MatrixView) {
    let unit = Matrix(rows: rows.rows, columns: rows.columns)
    let lengths = Matrix(rows: 1, columns: rows.rows)
    inParallel(rows.rows) { row in
      let length = max(Float(ck_dot(rows.row(row), rows.row(row), rows.columns).squareRoot()), 1e-12)
      ck_affine(rows.row(row), unit.row(row), rows.columns, 1 / length, 0)
      lengths[0, row] = length
    }
    self.unit = unit
    self.lengths = lengths.values
  }

  /// The gradient of the rows, computed from that of the unit rows: (g − (g·u) u) / length, orthogonal to the row.
  package func backward(_ gradient: Matrix) -> Matrix {
    let result = Matrix(rows: gradient.rows, columns: gradient.columns)
    backward(gradient.view, into: result.view)
    return result
  }

  /// Writes the gradient of the rows, for which the memory of `gradient` may be used.
  package func backward(_ gradient: MatrixView, into result: MatrixView) {
    inParallel(gradient.rows) { row in
      let along = Float(ck_dot(gradient.row(row), unit.row(row), unit.columns))
      ck_combine(
        gradient.row(row), unit.row(row), result.row(row), unit.columns, 1 / lengths[row], -along / lengths[row])
    }
  }
}
