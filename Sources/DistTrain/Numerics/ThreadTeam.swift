import Foundation
import Synchronization

/// Threads that share the pieces of a loop.
///
/// A loop's pieces depend on the number of threads only where its results don't depend on the pieces, so that the
/// results never depend on the number of threads.
///
/// Unchecked: `body` and `count` are behind the gate, and of all callers one at a time has the team (`isTaken`), to run a
/// loop or to add threads.
package final class ThreadTeam: @unchecked Sendable {
  /// The threads that compute.
  package static let shared = ThreadTeam()

  private let threads = Atomic(1)
  private let gate = NSCondition()
  /// The loop's body where its caller keeps it: a thread must not own it any longer than it says it is working.
  private var body: UnsafePointer<@Sendable (Int) -> Void>?
  private var count = 0
  private let round = Atomic(0)
  private let next = Atomic(0)
  private let working = Atomic(0)
  private let isTaken = Atomic(false)

  /// A team of the caller's thread alone.
  package init() {}

  /// Threads that work, the caller's own among them.
  package var size: Int { threads.load(ordering: .acquiring) }

  /// Adds threads until there are `size`, for the rest of the process; fewer where the system starts no more. Waits for
  /// a loop that runs, and so is not for use within one.
  package func grow(to size: Int) {
    // A thread that began while a loop runs would work in it without being waited for.
    while isTaken.exchange(true, ordering: .acquiringAndReleasing) { sched_yield() }
    defer { isTaken.store(false, ordering: .releasing) }
    while self.size < size {
      let seen = round.load(ordering: .acquiring)
      guard SystemThread.start({ [self] in work(from: seen) }) else { return }
      threads.add(1, ordering: .releasing)
    }
  }

  /// Threads that a loop started now would run on.
  package var available: Int { isTaken.load(ordering: .acquiring) ? 1 : size }

  /// Calls `body` with 0 ..< count, each once, on all threads; returns when all calls have. Within a call, or while
  /// another thread's loop runs, the loop is the caller's alone.
  package func run(_ count: Int, _ body: @Sendable (Int) -> Void) {
    if size == 1 || count < 2 || isTaken.exchange(true, ordering: .acquiringAndReleasing) {
      for index in 0..<count { body(index) }
      return
    }
    withoutActuallyEscaping(body) { body in
      withUnsafePointer(to: body) { start($0, count: count) }
    }
    isTaken.store(false, ordering: .releasing)
  }

  /// The value that `body` returns for each of 0 ..< count, in this order, up to the first number for which it throws,
  /// whichever thread was first. The calls are those of a loop, and none begins once one for a lower number has thrown.
  package func results<Value: Sendable>(
    _ count: Int, _ body: @Sendable (Int) throws -> Value
  ) -> [Result<Value, any Error>] {
    let results = Mutex([Result<Value, any Error>?](repeating: nil, count: count))
    // Lower numbers than one that threw are called all the same: which error comes first then does not depend on
    // threads.
    let lowestFailed = Atomic(count)
    run(count) { index in
      if index > lowestFailed.load(ordering: .relaxed) { return }
      let result = Result { try body(index) }
      if case .failure = result { lowestFailed.min(index, ordering: .relaxed) }
      results.withLock { $0[index] = result }
    }
    return results.withLock { $0 }.prefix(lowestFailed.load(ordering: .relaxed) + 1).compactMap(\.self)
  }

  private func start(_ body: UnsafePointer<@Sendable (Int) -> Void>, count: Int) {
    gate.withLock {
      self.body = body
      self.count = count
      next.store(0, ordering: .releasing)
      working.store(size - 1, ordering: .releasing)
      round.add(1, ordering: .acquiringAndReleasing)
      gate.broadcast()
    }
    takePieces(count, body)
    while working.load(ordering: .acquiring) > 0 { sched_yield() }
  }

  private func takePieces(_ count: Int, _ body: UnsafePointer<@Sendable (Int) -> Void>) {
    while true {
      let index = next.add(1, ordering: .acquiringAndReleasing).oldValue
      if index >= count { return }
      body.pointee(index)
    }
  }

  private func work(from start: Int) {
    var seen = start
    while true {
      waitForRound(after: seen)
      seen += 1
      let (body, count) = gate.withLock { (self.body, self.count) }
      if let body { takePieces(count, body) }
      working.subtract(1, ordering: .acquiringAndReleasing)
    }
  }

  /// The next loop of a step comes within microseconds, sooner than a sleeping thread wakes.
  private func waitForRound(after seen: Int) {
    for _ in 0..<200 {
      if round.load(ordering: .acquiring) != seen { return }
      sched_yield()
    }
    gate.withLock {
      while round.load(ordering: .acquiring) == seen { gate.wait() }
    }
  }
}

/// Calls `body` with 0 ..< count, each once, on all threads of the rank: for rows that don't see each other.
package func inParallel(_ count: Int, _ body: @Sendable (Int) -> Void) {
  let team = ThreadTeam.shared
  // More pieces than threads even out what else the cores do.
  let pieces = team.size == 1 ? 1 : min(count, 4 * team.size)
  team.run(pieces) { piece in
    for index in piece * count / pieces..<(piece + 1) * count / pieces { body(index) }
  }
}

/// Calls `body` with ranges that make up 0 ..< count, on all threads of the rank: for elements that don't see each
/// other.
package func inPieces(_ count: Int, _ body: @Sendable (Range<Int>) -> Void) {
  let length = 1 << 16
  ThreadTeam.shared.run((count + length - 1) / length) { piece in
    body(piece * length..<min((piece + 1) * length, count))
  }
}
