import DistTrain
import Foundation
import Synchronization

/// A line on standard error that says how much of a command's work is done and how long the rest takes: on a terminal one
/// that is overwritten, elsewhere a new one every minute.
final class WorkProgress: Sendable {
  private struct State {
    var done = 0
    var shown: ContinuousClock.Instant
  }

  private let count: Int
  private let things: String
  private let isShown: Bool
  private let isWatched: Bool
  private let interval: Duration
  private let start = ContinuousClock.now
  private let state: Mutex<State>

  /// - Parameters:
  ///   - things: what is counted and what is done to it, such as `utterances opened`.
  ///   - isShown: whether anything is written.
  init(count: Int, things: String, isShown: Bool) {
    self.count = count
    self.things = things
    self.isShown = isShown
    isWatched = Terminal.isWatched(STDERR_FILENO)
    interval = isWatched ? .milliseconds(200) : .seconds(60)
    state = Mutex(State(shown: start))
  }

  /// Counts one more. The line on a terminal goes with the last one.
  func advance() {
    state.withLock { state in
      state.done += 1
      show(&state)
    }
  }

  /// Takes up that so many are done.
  func advance(to done: Int) {
    state.withLock { state in
      state.done = max(state.done, done)
      show(&state)
    }
  }

  private func show(_ state: inout State) {
    guard isShown else { return }
    guard state.done < count else { return clear() }
    let now = ContinuousClock.now
    guard now - state.shown > interval else { return }
    state.shown = now
    let line = WorkLine(done: state.done, count: count, things: things, seconds: (now - start) / .seconds(1)).text
    if isWatched { StandardError.write("\r\(line)\u{1B}[K") } else { StandardError.say(line) }
  }

  func clear() {
    if isShown, isWatched { StandardError.write("\r\u{1B}[K") }
  }
}
