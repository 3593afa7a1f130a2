/// A product as it was asked for: c = a · b or c + a · b, with c of rows × columns and sums of `inner` terms.
package struct ProductShape: Hashable, Sendable {
  package let rows: Int
  package let columns: Int
  package let inner: Int
  /// Whether a is stored transposed.
  package let turnsA: Bool
  package let turnsB: Bool
  /// Elements from row to row, as stored.
  package let strideOfA: Int
  package let strideOfB: Int
  package let strideOfC: Int
  package let adding: Bool
  package let precision: Precision

  /// Multiplications and additions.
  package var operations: Int { 2 * rows * columns * inner }
  /// Of each factor and of the result, once.
  package var bytes: Int {
    (rows * inner + inner * columns + rows * columns) * MemoryLayout<Float>.stride
  }
}
