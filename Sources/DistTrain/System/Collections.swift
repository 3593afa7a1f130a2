import Foundation
import Synchronization

extension Sequence where Element: Equatable {
  /// Each element once, in the order of the first appearances.
  var distinct: [Element] { reduce(into: []) { if !$0.contains($1) { $0.append($1) } } }
}

extension Array where Element: Sendable {
  /// Maps the elements on all cores; the results are in the order of the elements, whatever the timing.
  /// - Parameter finished: is called after each element, from any thread.
  package func concurrentMap<Value: Sendable>(
    finished: @Sendable () -> Void = {}, _ transform: @Sendable (Element) -> Value
  ) -> [Value] {
    let next = Atomic(0)
    let values = Mutex([Value?](repeating: nil, count: count))
    BackgroundThreads.shared.together(Swift.min(count, ProcessInfo.processInfo.activeProcessorCount)) {
      while true {
        let index = next.add(1, ordering: .relaxed).oldValue
        guard index < count else { break }
        let value = transform(self[index])
        values.withLock { $0[index] = value }
        finished()
      }
    }
    return values.withLock { $0.map { $0! } }
  }
}
