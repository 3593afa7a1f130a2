package import DistTrain
import Synchronization

/// Keeps how much was done of the works that were shown.
package final class CountedWork: Sendable {
  /// A work, as it was shown.
  package struct Work: Sendable, Equatable {
    package let things: String
    package let count: Int
    package var done = 0
    package var isOver = false

    package init(_ things: String, count: Int, done: Int = 0, isOver: Bool = false) {
      (self.things, self.count, self.done, self.isOver) = (things, count, done, isOver)
    }
  }

  private let state = Mutex<[Work]>([])

  package init() {}

  /// The works in the order in which they began.
  package var works: [Work] { state.withLock { $0 } }

  package var counting: WorkCounting {
    WorkCounting { count, things in
      let place = self.state.withLock { works in
        works.append(Work(things, count: count))
        return works.count - 1
      }
      return (
        { more in self.state.withLock { $0[place].done += more } }, { self.state.withLock { $0[place].isOver = true } }
      )
    }
  }
}
