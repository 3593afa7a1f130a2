import Foundation

/// Threads for work beside the computation. One that is done takes the next piece of work that somebody begins.
///
/// Unchecked: the numbers and the pieces are behind the gate.
package final class BackgroundThreads: @unchecked Sendable {
  /// The threads of the process.
  package static let shared = BackgroundThreads()

  private struct Piece {
    let body: @Sendable () -> Void
    let ended: @Sendable () -> Void
  }

  private let gate = NSCondition()
  /// Threads without work, those for which a piece waits among them.
  private var idle = 0
  private var pieces: [Piece] = []

  package init() {}

  /// Begins a piece of work on a thread of its own.
  /// - Parameter ended: is called once the thread is free again.
  /// - Returns: false where the system starts no thread for it; then nothing is called.
  package func begin(
    _ body: @escaping @Sendable () -> Void, ended: @escaping @Sendable () -> Void = {}
  ) -> Bool {
    let piece = Piece(body: body, ended: ended)
    let isTaken = gate.withLock {
      guard idle > pieces.count else { return false }
      pieces.append(piece)
      gate.signal()
      return true
    }
    return isTaken
      || SystemThread.start { [self] in
        work(on: piece)
        serve()
      }
  }

  /// Starts threads until so many are without work, because others may start all that the system has; fewer where it
  /// starts no more.
  /// - Returns: the number of threads without work.
  @discardableResult
  package func keepReady(_ count: Int) -> Int {
    gate.withLock {
      while idle - pieces.count < count, SystemThread.start({ [self] in serve() }) { idle += 1 }
      return idle - pieces.count
    }
  }

  /// Calls `body` on this thread and on others at the same time, and returns once all calls have; on fewer threads
  /// where the system starts no more.
  package func together(_ threads: Int, _ body: @Sendable () -> Void) {
    let condition = SteadyCondition()
    nonisolated(unsafe) var working = 0
    // A thread must not own the body any longer than this call lasts.
    withoutActuallyEscaping(body) { body in
      withUnsafePointer(to: body) { pointer in
        nonisolated(unsafe) let pointer = pointer
        for _ in 0..<max(0, threads - 1) {
          condition.withLock { working += 1 }
          let hasBegun = begin({ pointer.pointee() }) {
            condition.withLock {
              working -= 1
              condition.broadcast()
            }
          }
          guard hasBegun else {
            condition.withLock { working -= 1 }
            break
          }
        }
        body()
        condition.withLock { _ = condition.wait { working == 0 } }
      }
    }
  }

  private func work(on piece: Piece) {
    piece.body()
    gate.withLock { idle += 1 }
    piece.ended()
  }

  private func serve() {
    while true { work(on: next()) }
  }

  private func next() -> Piece {
    gate.withLock {
      while pieces.isEmpty { gate.wait() }
      idle -= 1
      return pieces.removeFirst()
    }
  }
}
