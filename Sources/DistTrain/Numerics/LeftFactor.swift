internal import CKernels

/// The left factor of products. One that meets many right factors may be laid out once as the kernel of single precision
/// reads it, which each product does otherwise; results have the same bits.
package struct LeftFactor: Sendable {
  enum Form {
    /// As it is stored.
    case stored(MatrixView)
    /// Columns from `first` on of a factor of so many columns that is laid out.
    case packed(Matrix, columns: Int, first: Int)
  }

  package let rows: Int
  package let columns: Int
  let form: Form

  private init(rows: Int, columns: Int, _ form: Form) {
    (self.rows, self.columns, self.form) = (rows, columns, form)
  }

  /// A factor that each product lays out.
  package init(_ view: MatrixView) { self.init(rows: view.rows, columns: view.columns, .stored(view)) }

  /// A factor that is laid out now, in memory of its own.
  package init(packing view: MatrixView) {
    let packed = Matrix(rows: 1, columns: ck_packed_size(view.rows, view.columns))
    ck_pack(view.pointer, view.stride, view.rows, view.columns, packed.pointer)
    self.init(rows: view.rows, columns: view.columns, .packed(packed, columns: view.columns, first: 0))
  }

  /// Some of the factor's columns.
  package func columns(_ range: Range<Int>) -> LeftFactor {
    precondition(range.lowerBound >= 0 && range.upperBound <= columns, "columns \(range) of \(columns)")
    switch form {
    case .stored(let view): return LeftFactor(view.columns(range))
    case .packed(let packed, let all, let first):
      return LeftFactor(
        rows: rows, columns: range.count, .packed(packed, columns: all, first: first + range.lowerBound))
    }
  }

  /// The factor from a row on, a multiple of 12, as the kernel takes it.
  func kernelFactor(from row: Int) -> ck_left {
    switch form {
    case .stored(let view): ck_left(elements: view.row(row), stride: view.stride, packed: 0, row: 0, column: 0)
    case .packed(let packed, let all, let first):
      ck_left(elements: packed.pointer, stride: all, packed: 1, row: row, column: first)
    }
  }
}
