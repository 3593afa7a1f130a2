import DistTrain

extension MachineFacts {
  /// A rank on a host with AVX-512 where all is as it should be.
  /// - Parameter mask: the cores that it may run on; all if nil.
  static func wide(cores: Int, mask: Set<Int>? = nil, quota: Double? = nil) -> MachineFacts {
    var facts = MachineFacts(host: "node")
    facts.features = ["sse2", "avx2", "fma", "avx512f", "avx512dq", "avx512bw", "avx512vl"]
    facts.cores = Dictionary(uniqueKeysWithValues: (0..<cores).map { ($0, $0) })
    facts.available = Set(0..<cores)
    facts.allowed = mask ?? facts.available
    facts.quota = quota
    facts.hugePages = "madvise"
    facts.kernels = "avx512"
    return facts
  }

  func with(_ change: (inout MachineFacts) -> Void) -> MachineFacts {
    var facts = self
    change(&facts)
    return facts
  }
}
