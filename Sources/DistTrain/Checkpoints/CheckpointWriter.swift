import Synchronization

/// Writes checkpoints one after the other on a thread of its own, while training goes on; on that of training where the
/// system starts no other.
package final class CheckpointWriter: Sendable {
  /// The outcome of writing a checkpoint.
  package struct Outcome: Sendable {
    /// The step of the checkpoint.
    package let step: Int
    /// The seconds that writing took.
    package let seconds: Double
    /// The reason why nothing was written; nil where all was.
    package let failure: Failure?
  }

  private struct State {
    var outcomes: [Outcome] = []
    var lastWritten: Int?
    var longest: Double?
  }

  private let queue = BackgroundQueue()
  private let state = Mutex(State())

  package init() {}

  /// Begins to write the checkpoint of a step once all earlier writing has ended.
  /// - Parameter work: writes the checkpoint, on the writer's thread.
  package func start(step: Int, _ work: @escaping @Sendable () throws -> Void) {
    queue.add { [self] in
      let began = monotonicSeconds()
      let outcome = Result { try work() }
      let seconds = monotonicSeconds() - began
      state.withLock { state in
        switch outcome {
        case .success:
          state.lastWritten = step
          state.longest = max(state.longest ?? 0, seconds)
          state.outcomes.append(Outcome(step: step, seconds: seconds, failure: nil))
        case .failure(let error):
          state.outcomes.append(Outcome(step: step, seconds: seconds, failure: Failure(error)))
        }
      }
    }
  }

  /// Waits until all writing that was begun has ended, but no longer than so many seconds.
  /// - Returns: whether all of it has ended.
  @discardableResult
  package func wait(atMost seconds: Double = .infinity) -> Bool { queue.wait(atMost: seconds) }

  /// Waits until all writing that was begun has ended, or is given up.
  /// - Parameter isToGiveUp: is asked again and again during the wait.
  /// - Returns: whether all of it has ended.
  package func wait(unless isToGiveUp: () -> Bool) -> Bool {
    while !wait(atMost: Self.look) { if isToGiveUp() { return false } }
    return true
  }

  /// The seconds between two questions whether to give up.
  private static let look = 0.2

  /// The outcomes since the last call, in order.
  package func takeOutcomes() -> [Outcome] {
    state.withLock { state in
      defer { state.outcomes = [] }
      return state.outcomes
    }
  }

  /// The step of the checkpoint that was written last, or nil where there is none.
  package var lastWritten: Int? { state.withLock { $0.lastWritten } }

  /// The longest time that writing a checkpoint took, in seconds; nil before the first one.
  package var longestSeconds: Double? { state.withLock { $0.longest } }

  /// Records that a step's checkpoint exists already, as after it was read; nil records that the last one is not to be
  /// used.
  package func note(written step: Int?) { state.withLock { $0.lastWritten = step } }
}
