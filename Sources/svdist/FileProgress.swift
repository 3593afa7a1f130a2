import DistTrain
import Foundation
import Synchronization

/// A line on a terminal's standard error that says how many files are done and how long the rest takes. Elsewhere
/// nothing is written.
final class FileProgress: Sendable {
  private let count: Int
  private let done: String
  private let isShown = isatty(STDERR_FILENO) == 1
  private let start = ContinuousClock.now
  private let state = Mutex((done: 0, shown: ContinuousClock.now))

  /// - Parameter done: the things that are counted and what is done to them, such as `utterances opened`.
  init(count: Int, done: String = "utterances opened") {
    self.count = count
    self.done = done
  }

  /// Counts a file. The line goes with the last one.
  func advance() {
    guard isShown else { return }
    state.withLock { state in
      state.done += 1
      guard state.done < count else { return clear() }
      let now = ContinuousClock.now
      guard now - state.shown > .milliseconds(200) else { return }
      state.shown = now
      let left = (now - start) / Double(state.done) * Double(count - state.done)
      StandardError.write("\r\(state.done) of \(count) \(done), \(left.components.seconds) s left \u{1B}[K")
    }
  }

  func clear() {
    if isShown { StandardError.write("\r\u{1B}[K") }
  }
}
