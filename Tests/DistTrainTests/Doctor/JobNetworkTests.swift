import DistTrain
import Testing

/// What operations cost between hosts, by hand.
@Suite struct JobNetworkTests {
  /// Two hosts of two ranks each: a second of latency, two bytes a second between hosts, four within one.
  private static var network: JobNetwork {
    var network = JobNetwork(ranks: 4, ranksPerHost: 2)
    (network.latency, network.bandwidth) = (1, 2)
    (network.localLatency, network.localBandwidth, network.overhead) = (0.5, 4, 0.125)
    return network
  }

  private static func operation(_ bytes: [Int], at begins: Double, until needed: Double) -> RehearsedOperation {
    RehearsedOperation(bytes: bytes, begins: begins, needed: needed)
  }

  @Test func `a round costs latency, messages, and the bytes of all ranks of a host`() {
    // 2 ranks send 8 bytes to 2 ranks elsewhere, and to 1 rank here.
    let round = 1 + 3 * 0.125 + 2.0 * 8 * 2 / 2 + 2.0 * 8 * 1 / 4
    let one = Self.network.waiting([Self.operation([8], at: 3, until: 3)])
    #expect(one.blocking == round && one.sums == 0)
    let two = Self.network.waiting([Self.operation([8, 0], at: 3, until: 3)])
    #expect(two.blocking == round + 1.375)
  }

  @Test func `ranks of one host have its latency`() {
    var network = JobNetwork(ranks: 2, ranksPerHost: 32)
    (network.localLatency, network.localBandwidth, network.overhead) = (0.5, 4, 0.125)
    #expect(network.hosts == 1 && network.ranksPerHost == 2)
    #expect(network.waiting([Self.operation([8], at: 0, until: 0)]).blocking == 0.5 + 0.125 + 2 * 8 / 4)
  }

  @Test func `one rank waits for nothing`() {
    let network = JobNetwork(ranks: 1, ranksPerHost: 8)
    let waiting = network.waiting([Self.operation([1 << 20], at: 0, until: 0), Self.operation([8], at: 0, until: 1)])
    #expect(waiting.blocking == 0 && waiting.sums == 0)
  }

  @Test func `hosts are filled one after the other`() {
    #expect([1, 2, 3, 4, 5].map { JobNetwork(ranks: $0, ranksPerHost: 2).hosts } == [1, 1, 2, 2, 3])
  }

  /// A started operation without bytes takes 1.375 s here.
  @Test func `computation hides sums, as far as it lasts`() {
    func sums(_ operations: RehearsedOperation...) -> Double { Self.network.waiting(operations).sums }
    #expect(sums(Self.operation([0], at: 0, until: 2)) == 0)
    #expect(sums(Self.operation([0], at: 0, until: 1)) == 0.375)
    #expect(sums(Self.operation([0], at: 0, until: .infinity)) == 0)
    #expect(sums(Self.operation([0], at: 0, until: 1e-9)) > 1.37)
    // The second one waits for the link.
    #expect(sums(Self.operation([0], at: 0, until: 2), Self.operation([0], at: 1, until: 2)) == 0.75)
    // What was waited for once is not waited for twice.
    #expect(sums(Self.operation([0], at: 0, until: 1), Self.operation([0], at: 0.5, until: 1)) == 1.75)
  }

  @Test func `a sum goes on while the rank waits for something else`() {
    let waiting = Self.network.waiting([
      Self.operation([0], at: 0, until: 1), Self.operation([0], at: 0.5, until: 0.5),
    ])
    #expect(waiting.blocking == 1.375 && waiting.sums == 0)
  }
}
