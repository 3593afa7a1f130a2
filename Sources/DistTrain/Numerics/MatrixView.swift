internal import CKernels

/// A rectangle of a row-major matrix: `rows` rows of `columns` elements, `stride` elements apart.
///
/// Unchecked: elements are written by one thread, or by a loop's calls that write elements of their own.
public struct MatrixView: @unchecked Sendable {
  package let pointer: UnsafeMutablePointer<Float>
  /// The number of rows.
  public let rows: Int
  /// The number of columns.
  public let columns: Int
  package let stride: Int
  /// Keeps the elements alive. A view of parameters has none, because their owner outlives every pass.
  private let owner: Buffer?

  package init(
    _ pointer: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int? = nil, owner: Buffer? = nil
  ) {
    self.pointer = pointer
    self.rows = rows
    self.columns = columns
    self.stride = stride ?? columns
    self.owner = owner
  }

  /// The first element of a row.
  package func row(_ index: Int) -> UnsafeMutablePointer<Float> { pointer + index * stride }

  package func rows(_ range: Range<Int>) -> MatrixView {
    precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows \(range) of \(rows)")
    return MatrixView(row(range.lowerBound), rows: range.count, columns: columns, stride: stride, owner: owner)
  }

  package func columns(_ range: Range<Int>) -> MatrixView {
    precondition(range.lowerBound >= 0 && range.upperBound <= columns, "columns \(range) of \(columns)")
    return MatrixView(pointer + range.lowerBound, rows: rows, columns: range.count, stride: stride, owner: owner)
  }

  /// Copies the elements to a view of the same shape. Where that is this view, they are there.
  package func copy(to target: MatrixView) {
    guard target.pointer != pointer else { return }
    inParallel(rows) { target.row($0).update(from: row($0), count: columns) }
  }

  /// Adds the elements to those of another view of the same shape.
  package func add(to target: MatrixView) {
    inParallel(rows) { ck_add(target.row($0), row($0), target.row($0), columns) }
  }
}

extension Matrix {
  /// The whole matrix as a view, which keeps its elements alive.
  public var view: MatrixView { MatrixView(pointer, rows: rows, columns: columns, owner: buffer) }
  package func rows(_ range: Range<Int>) -> MatrixView { view.rows(range) }
  package func columns(_ range: Range<Int>) -> MatrixView { view.columns(range) }

  /// The transpose, copied.
  public var transposed: Matrix {
    let result = Matrix(rows: columns, columns: rows)
    for row in 0..<rows {
      for column in 0..<columns { result[column, row] = self[row, column] }
    }
    return result
  }
}
