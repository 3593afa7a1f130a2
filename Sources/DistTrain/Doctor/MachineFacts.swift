/// The facts that one rank's process finds: the processor, the part of it that the process may use, and the kernels in
/// use.
package struct MachineFacts: Codable, Sendable, Equatable {
  package var host: String
  /// The name of the processor.
  package var processor = "a CPU without a name"
  /// The features of the processor by the kernel's names; empty where they are not known.
  package var features: Set<String> = []
  /// The core of each hardware thread that is online.
  package var cores: [Int: Int] = [:]
  /// The hardware threads that this process may run on: the affinity mask.
  package var allowed: Set<Int> = []
  /// The hardware threads that a process of this job could be given here: those of the control group, or all that are
  /// online.
  package var available: Set<Int> = []
  /// The control group's limit on CPU time, in CPUs; nil where there is no limit.
  package var quota: Double?
  /// The kernel's policy for huge pages: `always`, `madvise` or `never`; nil where it has none.
  package var hugePages: String?
  /// The instruction set of svdist's kernels.
  package var kernels = ""
  /// Whether the CPU multiplies bf16.
  package var hasBfloat16 = false
  /// The variables of `MachineFacts.variables` that are set.
  package var environment: [String: String] = [:]

  package init(host: String) {
    self.host = host
  }

  /// The environment variables that decide about speed.
  package static let variables = ["SVDIST_KERNELS", "SLURM_CPUS_ON_NODE"]

  /// The kernels in use, in words.
  package var software: String { "kernels for \(kernels)" }

  /// The cores to which hardware threads belong. A hardware thread whose core is not known counts as a core of its own.
  func coreSet(_ threads: Set<Int>) -> Set<Int> {
    Set(threads.map { cores[$0] ?? -1 - $0 })
  }

  /// The number of cores of the host that a job of the user's could be given. Slurm's number counts what it granted, be
  /// it cores or hardware threads.
  package var availableCores: Int {
    let granted = environment["SLURM_CPUS_ON_NODE"].flatMap { Int($0) } ?? .max
    return min(coreSet(available).count, max(granted, 1))
  }
}
