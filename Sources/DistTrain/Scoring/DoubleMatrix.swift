/// A row-major matrix of doubles, for the covariances of back ends, which single precision is too coarse for.
package struct DoubleMatrix: Sendable, Equatable {
  package let rows: Int
  package let columns: Int
  package private(set) var values: [Double]

  /// A matrix of the given values, row after row.
  package init(rows: Int, columns: Int, _ values: [Double]) {
    precondition(values.count == rows * columns, "\(rows) × \(columns) elements expected, not \(values.count)")
    (self.rows, self.columns, self.values) = (rows, columns, values)
  }

  /// The elements of a matrix of floats.
  init(_ matrix: Matrix) {
    self.init(rows: matrix.rows, columns: matrix.columns, matrix.elements.map(Double.init))
  }

  static func zeros(rows: Int, columns: Int) -> DoubleMatrix {
    DoubleMatrix(rows: rows, columns: columns, [Double](repeating: 0, count: rows * columns))
  }

  package static func diagonal(_ values: [Double]) -> DoubleMatrix {
    var matrix = zeros(rows: values.count, columns: values.count)
    for (index, value) in values.enumerated() { matrix[index, index] = value }
    return matrix
  }

  package subscript(row: Int, column: Int) -> Double {
    get { values[row * columns + column] }
    set { values[row * columns + column] = newValue }
  }

  /// The elements rounded to single precision.
  var single: Matrix { Matrix(rows: rows, columns: columns, values.map { Float($0) }) }

  package var transposed: DoubleMatrix {
    var result = DoubleMatrix.zeros(rows: columns, columns: rows)
    for row in 0..<rows {
      for column in 0..<columns { result[column, row] = self[row, column] }
    }
    return result
  }

  /// The first rows.
  func first(_ count: Int) -> DoubleMatrix {
    DoubleMatrix(rows: count, columns: columns, Array(values[..<(count * columns)]))
  }

  /// The matrix with each row times its factor.
  func scaled(rows factors: [Double]) -> DoubleMatrix {
    var result = self
    for row in 0..<rows {
      for column in 0..<columns { result[row, column] *= factors[row] }
    }
    return result
  }

  static func + (left: DoubleMatrix, right: DoubleMatrix) -> DoubleMatrix {
    precondition(left.rows == right.rows && left.columns == right.columns, "a sum is of matrices of one shape")
    return DoubleMatrix(rows: left.rows, columns: left.columns, zip(left.values, right.values).map { $0 + $1 })
  }

  static func * (factor: Double, matrix: DoubleMatrix) -> DoubleMatrix {
    DoubleMatrix(rows: matrix.rows, columns: matrix.columns, matrix.values.map { factor * $0 })
  }

  /// The product, on all threads; the terms of each element are added in the order of the inner index.
  /// - Complexity: O(rows · columns · inner index).
  package static func * (left: DoubleMatrix, right: DoubleMatrix) -> DoubleMatrix {
    precondition(left.columns == right.rows, "a product's shapes must fit: \(left.columns) and \(right.rows)")
    return assembled(rows: left.rows, columns: right.columns) { left.product(of: $0, with: right) }
  }

  /// The sum over rows of `weight · row · rowᵀ`.
  /// - Complexity: O(rows · columns²).
  func gram(weights: [Double]) -> DoubleMatrix { scaled(rows: weights).transposed * self }

  /// A matrix whose rows are computed a few at a time, on all threads.
  static func assembled(
    rows: Int, columns: Int, _ body: @Sendable (Range<Int>) -> [Double]
  ) -> DoubleMatrix {
    let height = 16
    let pieces = ThreadTeam.shared.results((rows + height - 1) / height) { piece in
      body(piece * height..<min((piece + 1) * height, rows))
    }
    return DoubleMatrix(rows: rows, columns: columns, pieces.flatMap { (try? $0.get()) ?? [] })
  }

  private func product(of range: Range<Int>, with right: DoubleMatrix) -> [Double] {
    var sums = [Double](repeating: 0, count: range.count * right.columns)
    sums.withUnsafeMutableBufferPointer { sums in
      values.withUnsafeBufferPointer { own in
        right.values.withUnsafeBufferPointer { others in
          for row in range {
            let start = (row - range.lowerBound) * right.columns
            for inner in 0..<columns {
              let factor = own[row * columns + inner]
              let other = inner * right.columns
              for column in 0..<right.columns { sums[start + column] += factor * others[other + column] }
            }
          }
        }
      }
    }
    return sums
  }
}
