/// What one rank's process finds: the processor, what of it the process may use, the kernels that were chosen.
package struct MachineFacts: Codable, Sendable, Equatable {
  package var host: String
  /// The processor's name.
  package var processor = "a CPU without a name"
  /// The processor's features by the kernel's names; empty where they are not known.
  package var features: Set<String> = []
  /// The core of each hardware thread that is online.
  package var cores: [Int: Int] = [:]
  /// The hardware threads that this process may run on: the affinity mask.
  package var allowed: Set<Int> = []
  /// The hardware threads that a process of this job could be given here: the control group's, or all that are online.
  package var available: Set<Int> = []
  /// The control group's CPUs' worth of time; nil where there is no limit.
  package var quota: Double?
  /// When the kernel gives huge pages: `always`, `madvise` or `never`; nil where it has none.
  package var hugePages: String?
  /// The instruction set of svdist's kernels.
  package var kernels = ""
  package var hasBfloat16 = false
  /// Those of `MachineFacts.variables` that are set.
  package var environment: [String: String] = [:]

  package init(host: String) {
    self.host = host
  }

  /// The variables of the environment that decide about speed.
  package static let variables = ["SVDIST_KERNELS", "SLURM_CPUS_ON_NODE"]

  /// What computes, in words.
  package var software: String { "kernels for \(kernels)" }

  /// The cores to which hardware threads belong; one that isn't known is a core of its own.
  func coreSet(_ threads: Set<Int>) -> Set<Int> {
    Set(threads.map { cores[$0] ?? -1 - $0 })
  }

  /// Cores of the host that a job of the user's could be given. Slurm counts what it gave, cores or hardware threads.
  package var availableCores: Int {
    let granted = environment["SLURM_CPUS_ON_NODE"].flatMap { Int($0) } ?? .max
    return min(coreSet(available).count, max(granted, 1))
  }
}
