/// The warnings about what is slower on this host than it need be. Every warning follows from the facts alone.
extension HostFacts {
  package var warnings: [MachineWarning] {
    let ofRanks = ranks.map(Self.narrowKernels)
    let ofHost = [crowded, bound, limited, idle, smallPages]
    return (ofRanks + ofHost).compactMap(\.self).distinct
  }

  private static func narrowKernels(_ rank: MachineFacts) -> MachineWarning? {
    guard let asked = rank.environment["SVDIST_KERNELS"], let widest = VectorWidth(features: rank.features),
      let chosen = VectorWidth(kernels: rank.kernels, features: rank.features), chosen < widest
    else { return nil }
    return MachineWarning(
      cause: .kernels,
      text:
        "SVDIST_KERNELS=\(asked) keeps svdist to kernels of \(chosen.rawValue) numbers at a time where this CPU can do "
        + "\(widest.rawValue): unset SVDIST_KERNELS, which costs half the speed",
      cost: 1 - Double(chosen.rawValue) / Double(widest.rawValue))
  }

  private var totalThreads: Int { threads.reduce(0, +) }

  private var crowded: MachineWarning? {
    guard cores > 0, totalThreads > cores else { return nil }
    let fits = cores >= ranks.count
    let fit = fits ? "--threads \(cores / ranks.count)" : "at most \(cores.counted("rank"))"
    return MachineWarning(
      cause: .oversubscription,
      text: "\(shape) are \(totalThreads) threads on \(cores) \(Self.cores(cores)): start \(fit)"
        + (ranks.count > 1 && fits ? " or fewer ranks" : ""),
      cost: 1 - Double(cores) / Double(totalThreads))
  }

  /// The binding with the most threads per core, where the host has cores outside it.
  private var bound: MachineWarning? {
    let tight = bindings.filter { $0.threads > $0.cores.count && !$0.cores.isEmpty && $0.cores.count < cores }
    let worst = tight.max { $0.threads * $1.cores.count < $1.threads * $0.cores.count }
    guard let worst else { return nil }
    let ranks = worst.ranks == 1 ? "1 rank's" : "\(worst.ranks) ranks'"
    let slot = (worst.threads + worst.ranks - 1) / worst.ranks
    return MachineWarning(
      cause: .oversubscription,
      text:
        "\(ranks) \(worst.threads) threads are bound to \(worst.cores.count) of \(cores) \(Self.cores(cores)): start "
        + "mpirun with --bind-to none, or with --map-by slot:PE=\(slot)",
      cost: 1 - Double(worst.cores.count) / Double(min(worst.threads, cores)))
  }

  private var limited: MachineWarning? {
    guard let quota, quota < Double(cores) else { return nil }
    let rest = Int(quota) < totalThreads ? ", or run at most \(max(1, Int(quota))) of the \(totalThreads) threads" : ""
    return MachineWarning(
      cause: quota < Double(totalThreads) ? .oversubscription : .idleCores,
      text:
        "the CPU quota is \(Self.number(quota)) of \(cores) cores: raise it (the control group's cpu.max; Kubernetes: "
        + "limits.cpu)\(rest)",
      cost: max(0, 1 - quota / Double(totalThreads)))
  }

  private var idle: MachineWarning? {
    let usable = min(cores, quota.map { Int($0) } ?? cores)
    guard totalThreads < usable else { return nil }
    let binding = bindings.contains { $0.cores.count < cores } ? " and --bind-to none" : ""
    let threads = usable / ranks.count
    let more = threads > (self.threads.max() ?? 1) ? "--threads \(threads)\(binding), or " : ""
    return MachineWarning(
      cause: .idleCores,
      text: "\(shape) leave \(usable - totalThreads) of \(usable) cores idle: start \(more)more ranks",
      cost: 1 - Double(totalThreads) / Double(usable))
  }

  private var smallPages: MachineWarning? {
    guard ranks.contains(where: { $0.hugePages == "never" }) else { return nil }
    return MachineWarning(
      cause: .memory,
      text: "transparent huge pages are off: as root, write madvise to /sys/kernel/mm/transparent_hugepage/enabled",
      cost: 0)
  }

  private static func cores(_ count: Int) -> String { count == 1 ? "core" : "cores" }

  private static func number(_ value: Double) -> String {
    value == value.rounded() ? "\(Int(value))" : "\((value * 100).rounded() / 100)"
  }
}
