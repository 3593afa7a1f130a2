/// How many numbers of single precision an instruction takes on an x86 processor.
package enum VectorWidth: Int, Comparable, Sendable {
  /// SSE.
  case four = 4
  /// AVX, mostly with fused multiply-add.
  case eight = 8
  /// AVX-512.
  case sixteen = 16

  package static func < (a: VectorWidth, b: VectorWidth) -> Bool { a.rawValue < b.rawValue }

  /// The widest that svdist has kernels for on a CPU with these features; nil for one that isn't x86.
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

  /// Of svdist's kernels, by the name of their instruction set, on a CPU with these features: generic ones use fused
  /// multiply-adds, eight at a time, where there are such.
  package init?(kernels: String, features: Set<String>) {
    switch kernels {
    case "avx512": self = .sixteen
    case "avx2": self = .eight
    case "generic": self = features.contains("fma") ? .eight : .four
    default: return nil
    }
  }
}
