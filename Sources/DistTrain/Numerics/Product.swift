internal import CKernels

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

/// c = a · b, or c + a · b when adding. A factor that is laid out is for products of single precision.
package func multiply(
  _ a: LeftFactor, _ b: MatrixView, into c: MatrixView, adding: Bool = false, precision: Precision = .single
) {
  switch a.form {
  case .stored(let view): multiply(view, b, into: c, adding: adding, precision: precision)
  case .packed(let elements, let columns, let first):
    precondition(precision == .single && a.columns > 0, "a factor is laid out for products of single precision")
    precondition(
      a.rows == c.rows && b.columns == c.columns && a.columns == b.rows,
      "a product's shapes must fit: \(a.rows) × \(a.columns) · \(b.rows) × \(b.columns) → \(c.rows) × \(c.columns)")
    if c.rows == 0 || c.columns == 0 { return }
    let pieces = ProductPieces(rows: c.rows, columns: c.columns, inner: a.columns)
    ThreadTeam.shared.run(pieces.count) { piece in
      let (rows, across) = pieces[piece]
      let (right, target) = (b.columns(across), c.rows(rows).columns(across))
      ck_product_packed(
        elements.pointer, columns, rows.lowerBound, first, right.pointer, right.stride, target.rows, target.columns,
        a.columns, adding ? 1 : 0, target.pointer, target.stride)
    }
  }
}

/// A factor of a product, taken as stored or transposed.
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

/// Cuts a large product into rectangles for the rank's threads. The terms of an element are added in one order,
/// whichever rectangle it lies in.
private func product(
  _ a: Factor, _ b: Factor, inner: Int, into c: MatrixView, adding: Bool, _ precision: Precision
) {
  if c.rows == 0 || c.columns == 0 { return }
  note(a, b, inner: inner, into: c, adding: adding, precision)
  let pieces = ProductPieces(rows: c.rows, columns: c.columns, inner: inner)
  ThreadTeam.shared.run(pieces.count) { piece in
    let (rows, columns) = pieces[piece]
    whole(
      a.rows(rows), b.columns(columns), inner: inner, into: c.rows(rows).columns(columns), adding: adding, precision)
  }
}

private func note(
  _ a: Factor, _ b: Factor, inner: Int, into c: MatrixView, adding: Bool, _ precision: Precision
) {
  ProductTrace.note(
    ProductShape(
      rows: c.rows, columns: c.columns, inner: inner, turnsA: a.transposed, turnsB: b.transposed,
      strideOfA: a.view.stride, strideOfB: b.view.stride, strideOfC: c.stride, adding: adding, precision: precision))
}

private func whole(
  _ a: Factor, _ b: Factor, inner: Int, into c: MatrixView, adding: Bool, _ precision: Precision
) {
  guard inner > 0 else {
    if !adding { for row in 0..<c.rows { c.row(row).update(repeating: 0, count: c.columns) } }
    return
  }
  let multiply = precision == .single ? ck_product : ck_product_bf16
  multiply(
    a.view.pointer, a.view.stride, a.transposed ? 1 : 0, b.view.pointer, b.view.stride, b.transposed ? 1 : 0, c.rows,
    c.columns, inner, adding ? 1 : 0, c.pointer, c.stride)
}

/// A function that completes a unit's product before it is added: the rectangle of the result that `target` is.
package typealias UnitCompletion =
  @Sendable (
    _ unit: Int, _ rows: Range<Int>, _ columns: Range<Int>, _ target: MatrixView
  ) -> Void

/// Adds to each node's matrix the products of its units: c = c + Σ a·bᵀ over the units' columns, as for a weight's
/// gradient.
/// - Parameters:
///   - a: a matrix of rows × the batch's columns.
///   - b: a matrix of other rows × the batch's columns.
///   - units: the units of the batch and their nodes.
///   - c: a matrix of rows × other rows for each node.
///   - complete: completes each unit's product before it is added.
package func addUnitProducts(
  _ a: MatrixView, transposed b: MatrixView, units: BatchUnits, to c: [MatrixView], precision: Precision = .single,
  completing complete: UnitCompletion? = nil
) {
  UnitProducts(
    a: Factor(a), b: Factor(b, transposed: true), ranges: units.ranges(of: a.columns), precision: precision,
    complete: complete
  ).add(nodes: units.nodes, to: c)
}

/// Adds to each node's matrix the products of its units: c = c + Σ aᵀ·b over the units' rows.
/// - Parameters:
///   - a: a matrix of the batch's rows × the rows of c.
///   - b: a matrix of the batch's rows × the columns of c.
///   - units: the units of the batch and their nodes.
///   - c: a matrix for each node.
package func addUnitProducts(
  transposed a: MatrixView, _ b: MatrixView, units: BatchUnits, to c: [MatrixView], precision: Precision = .single
) {
  UnitProducts(
    a: Factor(a, transposed: true), b: Factor(b), ranges: units.ranges(of: a.rows), precision: precision, complete: nil
  ).add(nodes: units.nodes, to: c)
}

/// Products of a batch's units and their sums in the order of a tree.
private struct UnitProducts {
  let a: Factor
  let b: Factor
  /// The part of the inner index that each unit covers.
  let ranges: [Range<Int>]
  let precision: Precision
  let complete: UnitCompletion?

  func add(nodes: [Range<Int>], to c: [MatrixView]) {
    precondition(nodes.count <= c.count, "a result for each of \(nodes.count) nodes, not \(c.count)")
    for (node, target) in zip(nodes, c) {
      for unit in node { note(a, b, inner: ranges[unit].count, into: target, adding: true, precision) }
      let pieces = ProductPieces(
        rows: target.rows, columns: target.columns, inner: node.reduce(0) { $0 + ranges[$1].count },
        limit: Self.pieceSide)
      ThreadTeam.shared.run(pieces.count) { piece in
        let (rows, columns) = pieces[piece]
        let sum = Matrix(rows: rows.count, columns: columns.count)
        write(node, rows, columns, to: sum)
        add(sum, to: target.rows(rows).columns(columns))
      }
    }
  }

  /// The longest side of the rectangle that is summed at a time: the nodes under way stay in the last-level cache, and
  /// factors are not packed too often.
  private static let pieceSide = 512

  private func write(_ node: Range<Int>, _ rows: Range<Int>, _ columns: Range<Int>, to target: Matrix) {
    guard node.count > 1 else {
      let unit = node.lowerBound
      whole(
        a.rows(rows).columns(ranges[unit]), b.rows(ranges[unit]).columns(columns), inner: ranges[unit].count,
        into: target.view, adding: false, precision)
      complete?(unit, rows, columns, target.view)
      return
    }
    let (left, right) = SumTree.halves(of: node)
    write(left, rows, columns, to: target)
    let other = Matrix(rows: target.rows, columns: target.columns)
    write(right, rows, columns, to: other)
    ck_add(target.pointer, other.pointer, target.pointer, target.count)
  }

  private func add(_ sum: Matrix, to target: MatrixView) {
    for row in 0..<sum.rows { ck_add(target.row(row), sum.row(row), target.row(row), sum.columns) }
  }
}
