/// Calls a function again and again, on a thread of its own, until it is cancelled.
///
/// Unchecked: the condition guards what follows it.
final class Repeater: @unchecked Sendable {
  private let condition = SteadyCondition()
  private var isCancelled = false
  /// The calls that were asked for, and those of them that have returned.
  private var (asked, answered) = (0, 0)

  /// Begins the calls; the first one comes after `seconds`, and each other one so long after the one before.
  /// - Parameter what: the thing that needs the calls, in the error.
  /// - Throws: `Failure(.failed)` where the system starts no thread for them.
  func start(every seconds: Double, for what: String, _ body: @escaping @Sendable () -> Void) throws {
    let hasBegun = BackgroundThreads.shared.begin { [self] in
      while let question = next(after: seconds) {
        body()
        answer(question)
      }
    }
    guard hasBegun else {
      throw Failure(.failed, "\(SystemThread.refusal), and \(what) needs one: allow more of them")
    }
  }

  /// Ends the calls; one that is under way goes on.
  func cancel() {
    condition.withLock {
      isCancelled = true
      condition.broadcast()
    }
  }

  /// Lets the function be called now, and waits for its return, but no longer than so many seconds.
  func callNow(atMost seconds: Double) {
    condition.withLock {
      asked += 1
      let question = asked
      condition.broadcast()
      _ = condition.wait(atMost: seconds) { answered >= question || isCancelled }
    }
  }

  /// Waits until the next call is due.
  /// - Returns: the last call that was asked for; nil where no other one comes.
  private func next(after seconds: Double) -> Int? {
    condition.withLock {
      _ = condition.wait(atMost: seconds) { isCancelled || asked > answered }
      return isCancelled ? nil : asked
    }
  }

  private func answer(_ question: Int) {
    condition.withLock {
      answered = question
      condition.broadcast()
    }
  }
}
