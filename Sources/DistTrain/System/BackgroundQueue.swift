/// Work that is done piece after piece, in the order in which it was added, beside the thread that adds it. Where the
/// system starts no thread for that, the one that adds a piece does it.
///
/// One thread adds and waits.
package final class BackgroundQueue: Sendable {
  private let pieces = Pieces()

  package init() {}

  deinit { pieces.close() }

  /// Adds a piece of work.
  /// - Returns: the number of the piece.
  @discardableResult
  package func add(_ work: @escaping @Sendable () -> Void) -> Int {
    let number = pieces.add(work)
    if !pieces.isServed {
      pieces.isServed = BackgroundThreads.shared.begin { [pieces] in pieces.serve() }
      if !pieces.isServed { pieces.doNext() }
    }
    return number
  }

  /// Waits until a piece and all those before it are done, but no longer than so many seconds.
  /// - Returns: whether they are.
  package func wait(for piece: Int, atMost seconds: Double = .infinity) -> Bool {
    pieces.wait(for: piece, atMost: seconds)
  }

  /// Waits until all pieces that were added are done, but no longer than so many seconds.
  /// - Returns: whether they are.
  package func wait(atMost seconds: Double = .infinity) -> Bool { pieces.wait(for: pieces.added, atMost: seconds) }
}

/// The pieces of a queue, which its thread keeps until they are done.
///
/// Unchecked: the condition guards what follows it, and only the thread that adds uses `isServed`.
private final class Pieces: @unchecked Sendable {
  private let condition = SteadyCondition()
  private var waiting: [@Sendable () -> Void] = []
  private var (count, done) = (0, 0)
  private var isClosed = false
  /// Whether a thread does the pieces.
  var isServed = false

  /// The number of pieces that were added, which is that of the last one.
  var added: Int { condition.withLock { count } }

  func add(_ work: @escaping @Sendable () -> Void) -> Int {
    condition.withLock {
      waiting.append(work)
      count += 1
      condition.broadcast()
      return count
    }
  }

  /// Lets the thread go once all pieces are done.
  func close() {
    condition.withLock {
      isClosed = true
      condition.broadcast()
    }
  }

  func wait(for piece: Int, atMost seconds: Double) -> Bool {
    condition.withLock { condition.wait(atMost: seconds) { done >= piece } }
  }

  /// Does pieces until the queue is closed.
  func serve() {
    while isAnyLeft() { doNext() }
  }

  private func isAnyLeft() -> Bool {
    condition.withLock {
      _ = condition.wait { isClosed || !waiting.isEmpty }
      return !waiting.isEmpty
    }
  }

  /// Does the first piece.
  func doNext() {
    let work = condition.withLock { waiting.removeFirst() }
    work()
    condition.withLock {
      done += 1
      condition.broadcast()
    }
  }
}
