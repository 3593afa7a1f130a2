import DistTrain
import Synchronization
import Testing

@Suite struct ThreadTeamTests {
  @Test(arguments: [0, 1, 2, 7, 1000])
  func `each piece of a loop is done once, loop after loop`(count: Int) {
    ThreadTeam.shared.grow(to: 3)
    let done = Mutex([Int](repeating: 0, count: count))
    for _ in 0..<50 {
      ThreadTeam.shared.run(count) { index in done.withLock { $0[index] += 1 } }
    }
    #expect(done.withLock { $0 } == [Int](repeating: 50, count: count))
  }

  @Test func `a loop within a loop is done too`() {
    ThreadTeam.shared.grow(to: 3)
    let sum = Mutex(0)
    inParallel(20) { row in
      inPieces(200_000) { range in sum.withLock { $0 += row * range.count } }
    }
    #expect(sum.withLock { $0 } == 190 * 200_000)
  }
}
