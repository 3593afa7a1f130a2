internal import CKernels

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

/// In what the factors of a product are multiplied; sums are in single precision always.
package enum Precision: String, Sendable, Codable, CaseIterable {
  case single = "fp32"
  /// Factors rounded to eight bits of significand: twice the speed where the CPU multiplies them.
  case bfloat16 = "bf16"

  /// Whether this machine's CPU has it.
  package var isAvailable: Bool { self == .single || ck_has_bf16() != 0 }
}
