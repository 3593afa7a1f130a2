/// The ranks of a job on their hosts.
package struct JobFacts: Sendable {
  /// The hosts, in the order of their first ranks.
  package let hosts: [HostFacts]
  /// The number of threads of each rank.
  package let threads: [Int]

  /// - Parameters:
  ///   - ranks: the facts of every rank.
  ///   - threads: the number of threads of each rank; nil for as many as fit.
  package init(ranks: [MachineFacts], threads: Int?) {
    let names = ranks.map(\.host).distinct
    let members = names.map { name in ranks.indices.filter { ranks[$0].host == name } }
    hosts = members.map { HostFacts(ranks: $0.map { ranks[$0] }, threads: threads) }
    var all = ranks.map { _ in 1 }
    for (host, members) in zip(hosts, members) {
      for (rank, threads) in zip(members, host.threads) { all[rank] = threads }
    }
    self.threads = all
  }

  /// Gathers the facts of all ranks, which call this together.
  package static func gather(_ communicator: any Communicator, threads: Int?) -> JobFacts {
    var own = MachineFacts.here()
    own.host = communicator.hosts[communicator.rank]
    return JobFacts(ranks: communicator.gatherValues(own), threads: threads)
  }

  /// The warnings about what is slower than it need be. A warning that several hosts share is given once.
  package var warnings: [MachineWarning] {
    let all = hosts.flatMap { host in host.warnings.map { (host: host.name, warning: $0) } }
    guard hosts.count > 1 else { return all.map(\.warning) }
    let texts = all.map(\.warning.text).distinct
    return texts.compactMap { text in
      let same = all.filter { $0.warning.text == text }
      guard let first = same.first, let worst = same.map(\.warning.cost).max() else { return nil }
      let others = same.count == 1 ? "" : " and \(same.count - 1) more \(same.count == 2 ? "host" : "hosts")"
      return MachineWarning(cause: first.warning.cause, text: "\(first.host)\(others): \(text)", cost: worst)
    }
  }

  /// The warnings to show at the start of a run, about what slows it down from the first step on.
  package var warningsOfRun: [MachineWarning] {
    warnings.filter { $0.cause == .kernels || $0.cause == .oversubscription }
  }
}

/// The machine as this process may use it.
package enum Machine {
  /// The number of threads for each rank: the cores that the rank may run on, shared out among the ranks that may run
  /// there, at least one. All ranks call this together.
  package static func threads(_ communicator: any Communicator) -> Int {
    JobFacts.gather(communicator, threads: nil).threads[communicator.rank]
  }

  /// The instruction sets in use, in words.
  package static var kernels: String { MachineFacts.here().software }
}
