import Foundation
import Synchronization

/// Writes checkpoints beside training, one after the other, on a thread of its own.
package final class CheckpointWriter: Sendable {
  /// What became of a piece of work.
  package struct Outcome: Sendable {
    /// The step of the checkpoint.
    package let step: Int
    /// How long writing took.
    package let seconds: Double
    /// Why nothing was written; nil where all was.
    package let failure: Failure?
  }

  private struct State {
    var outcomes: [Outcome] = []
    var lastWritten: Int?
    var longest: Double?
  }

  private let queue = DispatchQueue(label: "svdist.checkpoints", qos: .utility)
  private let underWay = DispatchGroup()
  private let state = Mutex(State())

  package init() {}

  /// Begins to write the checkpoint of a step once what was begun before has ended.
  /// - Parameter work: writes it, on the writer's thread.
  package func start(step: Int, _ work: @escaping @Sendable () throws -> Void) {
    queue.async(group: underWay) { [self] in
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

  /// Waits until all that was begun has ended, or for so many seconds.
  /// - Returns: whether all has ended.
  @discardableResult
  package func wait(atMost seconds: Double = .infinity) -> Bool {
    guard seconds.isFinite else {
      underWay.wait()
      return true
    }
    return underWay.wait(timeout: .now() + seconds) == .success
  }

  /// What ended since the last call, in order.
  package func takeOutcomes() -> [Outcome] {
    state.withLock { state in
      defer { state.outcomes = [] }
      return state.outcomes
    }
  }

  /// The step of the checkpoint that was written last.
  package var lastWritten: Int? { state.withLock { $0.lastWritten } }

  /// The longest that a checkpoint took, in seconds; nil before the first.
  package var longestSeconds: Double? { state.withLock { $0.longest } }

  /// Says that a step's checkpoint is there already, as after it was read; nil: that the last one no longer is of use.
  package func note(written step: Int?) { state.withLock { $0.lastWritten = step } }
}
