internal import COpenBLAS

/// c = a · b, or c + a · b when adding (OpenBLAS's sgemm).
package func multiply(_ a: MatrixView, _ b: MatrixView, into c: MatrixView, adding: Bool = false) {
  precondition(
    a.rows == c.rows && b.columns == c.columns && a.columns == b.rows,
    "a product's shapes must fit: \(a.rows) × \(a.columns) · \(b.rows) × \(b.columns) → \(c.rows) × \(c.columns)")
  product(a, CblasNoTrans, b, CblasNoTrans, inner: a.columns, into: c, adding: adding)
}

/// c = aᵀ · b, or c + aᵀ · b when adding.
package func multiply(transposed a: MatrixView, _ b: MatrixView, into c: MatrixView, adding: Bool = false) {
  precondition(
    a.columns == c.rows && b.columns == c.columns && a.rows == b.rows,
    "a product's shapes must fit: (\(a.rows) × \(a.columns))ᵀ · \(b.rows) × \(b.columns) → \(c.rows) × \(c.columns)")
  product(a, CblasTrans, b, CblasNoTrans, inner: a.rows, into: c, adding: adding)
}

/// c = a · bᵀ, or c + a · bᵀ when adding.
package func multiply(_ a: MatrixView, transposed b: MatrixView, into c: MatrixView, adding: Bool = false) {
  precondition(
    a.rows == c.rows && b.rows == c.columns && a.columns == b.columns,
    "a product's shapes must fit: \(a.rows) × \(a.columns) · (\(b.rows) × \(b.columns))ᵀ → \(c.rows) × \(c.columns)")
  product(a, CblasNoTrans, b, CblasTrans, inner: a.columns, into: c, adding: adding)
}

private func product(
  _ a: MatrixView, _ aForm: CBLAS_TRANSPOSE, _ b: MatrixView, _ bForm: CBLAS_TRANSPOSE, inner: Int,
  into c: MatrixView, adding: Bool
) {
  if c.rows == 0 || c.columns == 0 { return }
  cblas_sgemm(
    CblasRowMajor, aForm, bForm, blasint(c.rows), blasint(c.columns), blasint(inner), 1, a.pointer,
    blasint(max(a.stride, 1)), b.pointer, blasint(max(b.stride, 1)), adding ? 1 : 0, c.pointer,
    blasint(max(c.stride, 1)))
}
