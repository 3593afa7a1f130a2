/// The ranks of a job on one host.
package struct HostFacts: Sendable {
  package let name: String
  package let ranks: [MachineFacts]
  /// The number of threads of each rank.
  package let threads: [Int]

  /// Ranks that share cores by their affinity masks. Different bindings have no core in common.
  struct Binding: Equatable {
    var cores: Set<Int>
    var ranks: Int
    var threads: Int
  }

  /// - Parameters:
  ///   - ranks: the facts of at least one rank.
  ///   - threads: the number of threads of each rank; nil shares the cores that each rank may run on among the ranks
  ///     that may run there.
  package init(ranks: [MachineFacts], threads: Int?) {
    self.ranks = ranks
    name = ranks[0].host
    self.threads = ranks.map { threads ?? Self.fittingThreads($0, among: ranks) }
  }

  /// The number of cores that this job could be given here, with all or some of their hardware threads.
  package var cores: Int { ranks.map(\.availableCores).max() ?? 0 }

  /// The number of hardware threads that this job could be given here.
  package var hardwareThreads: Int { ranks.reduce(into: Set()) { $0.formUnion($1.available) }.count }

  /// The limit on CPU time, in CPUs; nil where there is no limit.
  package var quota: Double? { ranks.compactMap(\.quota).min() }

  /// The ranks and threads in words, such as `2 ranks × 1 thread`.
  package var shape: String {
    let count = ranks.count.counted("rank")
    guard Set(threads).count == 1 else { return "\(count) with \(threads.reduce(0, +)) threads in all" }
    return "\(count) × \(threads[0].counted("thread"))"
  }

  /// The bindings of all ranks.
  var bindings: [Binding] {
    zip(ranks, threads).reduce(into: []) { bindings, rank in
      let own = Binding(cores: rank.0.coreSet(rank.0.allowed), ranks: 1, threads: rank.1)
      let isShared = { (other: Binding) in !other.cores.isDisjoint(with: own.cores) }
      let joined = bindings.filter(isShared).reduce(own) {
        Binding(cores: $0.cores.union($1.cores), ranks: $0.ranks + $1.ranks, threads: $0.threads + $1.threads)
      }
      bindings = bindings.filter { !isShared($0) } + [joined]
    }
  }

  /// The cores of a rank divided by the number of ranks that may run on any of them, and no more than the rank's share
  /// of the quota; at least one.
  private static func fittingThreads(_ rank: MachineFacts, among ranks: [MachineFacts]) -> Int {
    let own = rank.coreSet(rank.allowed)
    let sharers = ranks.count { !$0.coreSet($0.allowed).isDisjoint(with: own) }
    let quota = ranks.compactMap(\.quota).min() ?? .infinity
    let share = min(Double(own.count) / Double(max(sharers, 1)), quota / Double(ranks.count))
    return max(1, Int(share))
  }
}
