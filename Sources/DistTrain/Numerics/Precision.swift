internal import CKernels

/// In what the factors of a product are multiplied; sums are in single precision always.
package enum Precision: String, Sendable, Codable, CaseIterable {
  case single = "fp32"
  /// Factors rounded to eight bits of significand: twice the speed where the CPU multiplies them.
  case bfloat16 = "bf16"

  /// Whether this machine's CPU has it.
  package var isAvailable: Bool { self == .single || ck_has_bf16() != 0 }
}
