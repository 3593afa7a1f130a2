import DistTrain
import Testing

@Suite struct ShuffleTests {
  @Test func `all orders are equally likely, the one that moves nothing too`() {
    var stream = RandomStream(seed: 3, purpose: .test)
    var counts: [[Int]: Int] = [:]
    for _ in 0..<6000 { counts[stream.shuffled(0..<3), default: 0] += 1 }
    #expect(counts.count == 6)
    // Six standard deviations of a count of 6000 draws at 1/6.
    #expect(counts.values.allSatisfy { abs($0 - 1000) < 173 }, "\(counts)")
  }
}
