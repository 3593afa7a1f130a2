/// A product as it was asked for: c = a · b or c + a · b, with c of rows × columns and sums of `inner` terms.
package struct ProductShape: Hashable, Sendable {
  package let rows: Int
  package let columns: Int
  package let inner: Int
  /// Whether the factors are stored transposed.
  package let transposed: (a: Bool, b: Bool)
  /// Elements from row to row, as stored.
  package let strides: (a: Int, b: Int, c: Int)
  package let adding: Bool
  package let precision: Precision

  package init(
    rows: Int, columns: Int, inner: Int, transposed: (a: Bool, b: Bool), strides: (a: Int, b: Int, c: Int),
    adding: Bool, precision: Precision
  ) {
    self.rows = rows
    self.columns = columns
    self.inner = inner
    self.transposed = transposed
    self.strides = strides
    self.adding = adding
    self.precision = precision
  }

  /// Multiplications and additions.
  package var operations: Int { 2 * rows * columns * inner }

  private var numbers: [Int] {
    [
      rows, columns, inner, transposed.a ? 1 : 0, transposed.b ? 1 : 0, strides.a, strides.b, strides.c,
      adding ? 1 : 0, precision == .single ? 0 : 1,
    ]
  }

  package static func == (first: ProductShape, second: ProductShape) -> Bool { first.numbers == second.numbers }
  package func hash(into hasher: inout Hasher) { hasher.combine(numbers) }
}
