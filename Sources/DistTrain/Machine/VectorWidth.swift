/// How many numbers of single precision an instruction takes on an x86 processor.
package enum VectorWidth: Int, Comparable, Sendable {
  /// SSE.
  case four = 4
  /// AVX, mostly with fused multiply-add.
  case eight = 8
  /// AVX-512.
  case sixteen = 16

  package static func < (a: VectorWidth, b: VectorWidth) -> Bool { a.rawValue < b.rawValue }

  /// The widest that OpenBLAS and svdist have loops for on a CPU with these features; nil for one that isn't x86.
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

  /// Of the kernels that OpenBLAS has for a core; nil for a core that isn't known.
  package init?(core: String) {
    switch core.lowercased() {
    case "skylakex", "cooperlake", "sapphirerapids": self = .sixteen
    case "haswell", "zen", "sandybridge", "bulldozer", "piledriver", "steamroller", "excavator": self = .eight
    case "prescott", "core2", "penryn", "dunnington", "nehalem", "atom", "nano", "athlon", "opteron", "opteron_sse3",
      "barcelona", "bobcat", "katmai", "coppermine", "northwood", "banias":
      self = .four
    default: return nil
    }
  }

  /// Of svdist's own loops, by the name of their instruction set.
  package init?(kernels: String) {
    switch kernels {
    case "avx512": self = .sixteen
    case "avx2": self = .eight
    case "generic": self = .four
    default: return nil
    }
  }
}
