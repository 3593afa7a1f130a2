/// The number of single-precision numbers that one instruction processes on an x86 processor.
package enum VectorWidth: Int, Comparable, Sendable {
  /// The width of SSE.
  case four = 4
  /// The width of AVX, mostly with fused multiply-add.
  case eight = 8
  /// The width of AVX-512.
  case sixteen = 16

  package static func < (a: VectorWidth, b: VectorWidth) -> Bool { a.rawValue < b.rawValue }

  /// The widest kernels that svdist has for a CPU with these features; nil for a CPU that is not x86.
  package init?(features: Set<String>) {
    if features.isSuperset(of: ["avx512f", "avx512dq", "avx512bw", "avx512vl"]) {
      self = .sixteen
    } else if features.isSuperset(of: ["avx2", "fma"]) {
      self = .eight
    } else if features.contains("sse2") {
      self = .four
    } else {
      return nil
    }
  }

  /// The width of svdist's kernels, by the name of their instruction set, on a CPU with these features. Generic kernels
  /// use fused multiply-adds of eight numbers at a time where the CPU has them.
  package init?(kernels: String, features: Set<String>) {
    switch kernels {
    case "avx512": self = .sixteen
    case "avx2": self = .eight
    case "generic": self = features.contains("fma") ? .eight : .four
    default: return nil
    }
  }
}
