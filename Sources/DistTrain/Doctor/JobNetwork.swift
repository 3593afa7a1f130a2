/// The ranks of a job and what lies between them, as far as the times of messages depend on it.
///
/// Every operation of svdist's is a message from each rank to each other one (what MPI's collective operations that do
/// not block are made of), so its time is a latency, an overhead for each message, and the bytes that leave a host by
/// its link and those that ranks of one host copy to each other.
package struct JobNetwork: Sendable {
  package var ranks: Int
  /// The largest number of ranks on one host.
  package var ranksPerHost: Int
  /// The seconds of the shortest message between hosts.
  package var latency = 50e-6
  /// The rate at which a host sends, in bytes a second.
  package var bandwidth = 10e9 / 8
  /// The seconds of the shortest message within a host.
  package var localLatency = 5e-6
  /// The rate at which the ranks of a host send to each other, in bytes a second, all together.
  package var localBandwidth = 4e9
  /// The seconds of a rank's work for each message.
  package var overhead = 1e-6

  package init(ranks: Int, ranksPerHost: Int) {
    precondition(ranks > 0 && ranksPerHost > 0, "\(ranks) ranks, \(ranksPerHost) on a host")
    self.ranks = ranks
    self.ranksPerHost = min(ranks, ranksPerHost)
  }

  package var hosts: Int { (ranks + ranksPerHost - 1) / ranksPerHost }

  /// The seconds of a round in which each rank sends so many bytes to each of the others.
  func seconds(bytes: Int) -> Double {
    guard ranks > 1 else { return 0 }
    let (inside, outside) = (Double(ranksPerHost - 1), Double(ranks - ranksPerHost))
    let volume = Double(ranksPerHost) * Double(bytes)
    return (outside > 0 ? latency : localLatency) + overhead * Double(ranks - 1)
      + volume * outside / bandwidth + volume * inside / localBandwidth
  }

  /// The seconds of an operation, one round after the other.
  func seconds(of operation: RehearsedOperation) -> Double { operation.bytes.reduce(0) { $0 + seconds(bytes: $1) } }

  /// The seconds that a rank waits for its operations, beside its computation. Sums that were started occupy the link
  /// one after the other and cost what is left of them when they are needed; other operations cost their whole time.
  /// - Parameter operations: those of a step, in the order in which they begin.
  package func waiting(_ operations: [RehearsedOperation]) -> (blocking: Double, sums: Double) {
    var (blocking, sums, free) = (0.0, 0.0, 0.0)
    var pending: [(needed: Double, ends: Double)] = []
    func settle(before time: Double) {
      for sum in pending where sum.needed <= time { sums += max(0, sum.ends - (sum.needed + blocking + sums)) }
      pending.removeAll { $0.needed <= time }
    }
    for operation in operations {
      settle(before: operation.begins)
      let cost = seconds(of: operation)
      if operation.needed > operation.begins {
        free = max(free, operation.begins + blocking + sums) + cost
        pending.append((operation.needed, free))
      } else {
        blocking += cost
      }
    }
    settle(before: .infinity)
    return (blocking, sums)
  }
}
