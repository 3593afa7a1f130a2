/// The rates that the ranks of a job reach alone and together.
package struct JobRates: Sendable {
  /// The rates of the ranks on one host.
  package struct Host: Sendable {
    /// The rates of the first rank while the others wait.
    package let alone: MachineRates
    /// The mean rates of all ranks at once.
    package let together: MachineRates
  }

  /// The hosts, in the order of `JobFacts.hosts`.
  package let hosts: [Host]
  /// The time of a sum of `sumCount` floats over all ranks, in seconds.
  package let sumSeconds: Double

  /// The number of elements of the gradient of an ECAPA-TDNN with 512 channels, approximately.
  package static let sumCount = 6_200_000

  /// Measures the rates; all ranks call this together.
  /// - Parameter seconds: the approximate time for each quantity.
  package static func measure(_ facts: JobFacts, seconds: Double, _ communicator: any Communicator) -> JobRates {
    let names = communicator.hosts
    let isFirst = names.firstIndex(of: names[communicator.rank]) == communicator.rank
    let alone = communicator.gatherValues(isFirst ? MachineRates.measure(seconds: seconds) : MachineRates())
    let isShared = facts.hosts.contains { $0.ranks.count > 1 }
    let together = isShared ? communicator.gatherValues(MachineRates.measure(seconds: seconds)) : alone
    let hosts = facts.hosts.map { host in
      let members = names.indices.filter { names[$0] == host.name }
      return Host(alone: alone[members[0]], together: .mean(members.map { together[$0] }))
    }
    return JobRates(hosts: hosts, sumSeconds: sum(communicator))
  }

  private static func sum(_ communicator: any Communicator) -> Double {
    let values = Matrix.zeros(rows: 1, columns: sumCount)
    var times: [Double] = []
    for _ in 0..<6 {
      communicator.barrier()
      times.append(Stopwatch.seconds { communicator.sum(values) })
    }
    return communicator.maximum(Stopwatch.median(Array(times.dropFirst())))
  }
}
