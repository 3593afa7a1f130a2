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

  /// The work that goes on.
  private static let current = Mutex<WorkProgress?>(nil)

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
    Self.current.withLock { $0 = self }
  }

  /// How much of the work that goes on is done, such as `300 of 1200 utterances embedded`; nil where none does. A line
  /// on a terminal goes.
  static func end() -> String? {
    guard let work = current.withLock({ $0 }) else { return nil }
    work.clear()
    let done = min(work.state.withLock { $0.done }, work.count)
    return done > 0 ? "\(done) of \(work.count) \(work.things)" : nil
  }

  /// Counts more. The line on a terminal goes with the last one.
  func advance(by more: Int = 1) {
    state.withLock { state in
      state.done += more
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

  /// Ends the work: its line on a terminal goes.
  func clear() {
    Self.current.withLock { if $0 === self { $0 = nil } }
    if isShown, isWatched { StandardError.write("\r\u{1B}[K") }
  }
}
