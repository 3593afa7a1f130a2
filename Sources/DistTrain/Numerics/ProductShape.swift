internal import CKernels

/// A product as it was asked for: c = a · b or c = c + a · b, where c has rows × columns elements and each is a sum of
/// `inner` terms.
package struct ProductShape: Hashable, Sendable {
  package let rows: Int
  package let columns: Int
  package let inner: Int
  /// Whether a is stored transposed.
  package let turnsA: Bool
  package let turnsB: Bool
  /// The number of elements from one stored row to the next.
  package let strideOfA: Int
  package let strideOfB: Int
  package let strideOfC: Int
  package let adding: Bool
  package let precision: Precision

  /// The number of multiplications and additions.
  package var operations: Int { 2 * rows * columns * inner }
  /// The bytes of both factors and of the result, each counted once.
  package var bytes: Int {
    (rows * inner + inner * columns + rows * columns) * MemoryLayout<Float>.stride
  }
}

/// The precision that the factors of a product are multiplied in; sums are always in single precision.
package enum Precision: String, Sendable, Codable, CaseIterable {
  case single = "fp32"
  /// Factors are rounded to eight bits of significand, which is twice as fast where the CPU multiplies them.
  case bfloat16 = "bf16"

  /// Whether this machine's CPU multiplies in this precision.
  package var isAvailable: Bool { self == .single || ck_has_bf16() != 0 }
}
