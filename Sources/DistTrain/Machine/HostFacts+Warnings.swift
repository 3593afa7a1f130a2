/// What is slower on this host than it need be. Every warning follows from the facts alone.
extension HostFacts {
  package var warnings: [MachineWarning] {
    let ofRanks = ranks.flatMap { [Self.narrowProducts($0), Self.narrowLoops($0), Self.presetCache($0)] }
    let ofHost = [crowded, bound, limited, idle, smallPages]
    return (ofRanks + ofHost).compactMap(\.self).distinct
  }

  private static func narrowProducts(_ rank: MachineFacts) -> MachineWarning? {
    guard let widest = VectorWidth(features: rank.features), let chosen = VectorWidth(core: rank.blasCore),
      chosen < widest, !(widest == .eight && rank.multipliesItself)
    else { return nil }
    let difference =
      "OpenBLAS multiplies \(chosen.rawValue) numbers at a time (\(rank.blasCore)) where this CPU can "
      + "\(widest.rawValue)"
    let core = widest == .sixteen ? "SkylakeX" : "Haswell"
    let remedy =
      rank.environment["OPENBLAS_CORETYPE"] == nil
      ? "set OPENBLAS_CORETYPE=\(core), or use a newer OpenBLAS" : "unset OPENBLAS_CORETYPE"
    let price = chosen.rawValue * 2 == widest.rawValue ? "half the speed" : "most of the speed"
    return MachineWarning(
      cause: .kernels, text: "\(difference): \(remedy), it costs \(price)",
      cost: 1 - Double(chosen.rawValue) / Double(widest.rawValue))
  }

  /// A step is its products, which go with the loops for AVX2 alone: other narrower loops were not seen to cost anything
  /// beyond the noise of measuring it.
  private static func narrowLoops(_ rank: MachineFacts) -> MachineWarning? {
    guard let asked = rank.environment["SVDIST_KERNELS"], let widest = VectorWidth(features: rank.features),
      let chosen = VectorWidth(kernels: rank.kernels), chosen < widest
    else { return nil }
    let kept = rank.multipliesItself ? "products and loops" : "own loops"
    let price = rank.multipliesItself ? ", it costs half the speed" : ""
    return MachineWarning(
      cause: .kernels,
      text:
        "SVDIST_KERNELS=\(asked) keeps svdist's \(kept) to \(chosen.rawValue) numbers at a time where this CPU can "
        + "\(widest.rawValue): unset SVDIST_KERNELS\(price)",
      cost: rank.multipliesItself ? 1 - Double(chosen.rawValue) / Double(widest.rawValue) : 0)
  }

  private static func presetCache(_ rank: MachineFacts) -> MachineWarning? {
    guard let preset = rank.environment["OPENBLAS_L2_SIZE"], let size = rank.secondCache,
      Int(preset).map({ $0 < size }) ?? true
    else { return nil }
    return MachineWarning(
      cause: .kernels,
      text: "OPENBLAS_L2_SIZE=\(preset) tells OpenBLAS of a smaller cache than this CPU's \(size) KiB: unset "
        + "OPENBLAS_L2_SIZE",
      cost: 0)
  }

  private var totalThreads: Int { threads.reduce(0, +) }

  private var crowded: MachineWarning? {
    guard cores > 0, totalThreads > cores else { return nil }
    let fits = cores >= ranks.count
    let fit = fits ? "--threads \(cores / ranks.count)" : "at most \(cores) \(cores == 1 ? "rank" : "ranks")"
    return MachineWarning(
      cause: .oversubscription,
      text: "\(shape) are \(totalThreads) threads on \(cores) \(Self.cores(cores)): start \(fit)"
        + (ranks.count > 1 && fits ? " or fewer ranks" : ""),
      cost: 1 - Double(cores) / Double(totalThreads))
  }

  /// The binding with most threads to a core, where the host has cores outside it.
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
      text: "transparent huge pages are off: let root write madvise to /sys/kernel/mm/transparent_hugepage/enabled",
      cost: 0)
  }

  private static func cores(_ count: Int) -> String { count == 1 ? "core" : "cores" }

  private static func number(_ value: Double) -> String {
    value == value.rounded() ? "\(Int(value))" : "\((value * 100).rounded() / 100)"
  }
}
