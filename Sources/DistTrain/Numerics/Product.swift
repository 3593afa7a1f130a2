internal import CKernels
internal import COpenBLAS

/// c = a · b, or c + a · b when adding.
package func multiply(
  _ a: MatrixView, _ b: MatrixView, into c: MatrixView, adding: Bool = false, precision: Precision = .single
) {
  precondition(
    a.rows == c.rows && b.columns == c.columns && a.columns == b.rows,
    "a product's shapes must fit: \(a.rows) × \(a.columns) · \(b.rows) × \(b.columns) → \(c.rows) × \(c.columns)")
  product(Factor(a), Factor(b), inner: a.columns, into: c, adding: adding, precision)
}

/// c = aᵀ · b, or c + aᵀ · b when adding.
package func multiply(
  transposed a: MatrixView, _ b: MatrixView, into c: MatrixView, adding: Bool = false, precision: Precision = .single
) {
  precondition(
    a.columns == c.rows && b.columns == c.columns && a.rows == b.rows,
    "a product's shapes must fit: (\(a.rows) × \(a.columns))ᵀ · \(b.rows) × \(b.columns) → \(c.rows) × \(c.columns)")
  product(Factor(a, transposed: true), Factor(b), inner: a.rows, into: c, adding: adding, precision)
}

/// c = a · bᵀ, or c + a · bᵀ when adding.
package func multiply(
  _ a: MatrixView, transposed b: MatrixView, into c: MatrixView, adding: Bool = false, precision: Precision = .single
) {
  precondition(
    a.rows == c.rows && b.rows == c.columns && a.columns == b.columns,
    "a product's shapes must fit: \(a.rows) × \(a.columns) · (\(b.rows) × \(b.columns))ᵀ → \(c.rows) × \(c.columns)")
  product(Factor(a), Factor(b, transposed: true), inner: a.columns, into: c, adding: adding, precision)
}

/// A factor of a product, as stored or transposed.
private struct Factor {
  let view: MatrixView
  let transposed: Bool

  init(_ view: MatrixView, transposed: Bool = false) {
    self.view = view
    self.transposed = transposed
  }

  func rows(_ range: Range<Int>) -> Factor {
    Factor(transposed ? view.columns(range) : view.rows(range), transposed: transposed)
  }

  func columns(_ range: Range<Int>) -> Factor {
    Factor(transposed ? view.rows(range) : view.columns(range), transposed: transposed)
  }
}

/// Pieces of a product: as many as keep all threads busy to the end, and few, as each packs the other factor anew. They
/// depend on the shape alone where the cut could show in the result's bits.
private func pieces(_ precision: Precision, otherwise fixed: Int) -> Int {
  if !precision.addsInOneOrder { return fixed }
  let threads = ThreadTeam.shared.available
  return threads == 1 ? 1 : 2 * threads
}

/// Large products are cut in pieces for the rank's threads, so that the bits of the result don't depend on their number.
private func product(
  _ a: Factor, _ b: Factor, inner: Int, into c: MatrixView, adding: Bool, _ precision: Precision
) {
  if c.rows == 0 || c.columns == 0 { return }
  ProductTrace.note(
    ProductShape(
      rows: c.rows, columns: c.columns, inner: inner, turnsA: a.transposed, turnsB: b.transposed,
      strideOfA: a.view.stride, strideOfB: b.view.stride, strideOfC: c.stride, adding: adding, precision: precision))
  if 2 * c.rows * c.columns * inner < 1 << 27 {
    whole(a, b, inner: inner, into: c, adding: adding, precision)
  } else if inner > 4 * c.columns {
    sumOfPieces(a, b, inner: inner, into: c, adding: adding, precision)
  } else {
    // Whole tiles of the kernels, but for the last piece.
    let tile = precision.addsInOneOrder ? 16 : 32
    let width = max(tile, (c.columns / pieces(precision, otherwise: 16) + tile - 1) / tile * tile)
    ThreadTeam.shared.run((c.columns + width - 1) / width) { piece in
      let columns = piece * width..<min((piece + 1) * width, c.columns)
      whole(a, b.columns(columns), inner: inner, into: c.columns(columns), adding: adding, precision)
    }
  }
}

/// A long sum, as of a weight's gradient over all frames: pieces of it, and of the rows where the pieces' results would
/// take much memory.
private func sumOfPieces(
  _ a: Factor, _ b: Factor, inner: Int, into c: MatrixView, adding: Bool, _ precision: Precision
) {
  let size = c.rows * c.columns
  let sums = size <= 1 << 20 ? 8 : 2
  let strips = min(max(1, pieces(precision, otherwise: 8) / sums), c.rows)
  let partial = Matrix(rows: sums * c.rows, columns: c.columns)
  ThreadTeam.shared.run(sums * strips) { piece in
    let (sum, strip) = piece.quotientAndRemainder(dividingBy: strips)
    let terms = sum * inner / sums..<(sum + 1) * inner / sums
    let rows = strip * c.rows / strips..<(strip + 1) * c.rows / strips
    let target = partial.rows(sum * c.rows + rows.lowerBound..<sum * c.rows + rows.upperBound)
    whole(
      a.rows(rows).columns(terms), b.rows(terms), inner: terms.count, into: target, adding: false, precision)
  }
  inParallel(c.rows) { row in
    let total = c.row(row)
    if !adding { total.update(repeating: 0, count: c.columns) }
    for sum in 0..<sums { ck_add(partial.row(sum * c.rows + row), total, total, c.columns) }
  }
}

private func whole(
  _ a: Factor, _ b: Factor, inner: Int, into c: MatrixView, adding: Bool, _ precision: Precision
) {
  switch precision {
  case .single where precision.addsInOneOrder && inner > 0:
    ck_product(
      a.view.pointer, a.view.stride, a.transposed ? 1 : 0, b.view.pointer, b.view.stride, b.transposed ? 1 : 0,
      c.rows, c.columns, inner, adding ? 1 : 0, c.pointer, c.stride)
  case .single:
    cblas_sgemm(
      CblasRowMajor, a.transposed ? CblasTrans : CblasNoTrans, b.transposed ? CblasTrans : CblasNoTrans,
      blasint(c.rows), blasint(c.columns), blasint(inner), 1, a.view.pointer, blasint(max(a.view.stride, 1)),
      b.view.pointer, blasint(max(b.view.stride, 1)), adding ? 1 : 0, c.pointer, blasint(max(c.stride, 1)))
  case .bfloat16:
    ck_product_bf16(
      a.view.pointer, a.view.stride, a.transposed ? 1 : 0, b.view.pointer, b.view.stride, b.transposed ? 1 : 0,
      c.rows, c.columns, inner, adding ? 1 : 0, c.pointer, c.stride)
  }
}
