import DistTrain
import Synchronization
import Testing

/// Expects the same numbers on several threads and on one.
/// - Parameter numbers: computes them; it is called once each.
func expectSameBitsOnThreads(
  sourceLocation: SourceLocation = #_sourceLocation, of numbers: @Sendable () -> [[Float]]
) {
  ThreadTeam.shared.grow(to: 3)
  let together = numbers()
  // Within a loop of the team, what is computed is its thread's alone.
  let loop = Mutex<[[Float]]>([])
  ThreadTeam.shared.run(2) { index in if index == 0 { loop.withLock { $0 = numbers() } } }
  let alone = loop.withLock { $0 }
  #expect(together == alone, sourceLocation: sourceLocation)
}
