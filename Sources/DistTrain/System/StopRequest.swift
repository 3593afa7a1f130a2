import Foundation
import Synchronization

/// A request, made by a signal, that this process stop at the end of its step.
package enum StopRequest {
  /// The first signal, since a launcher may send another one after a warning.
  private static let signal = Atomic<Int32>(0)
  private static let interrupts = Atomic(0)
  private static let answers = Atomic(true)

  /// Lets SIGTERM, SIGINT and SIGUSR1 ask for a stop from now on instead of ending the process; a second SIGINT ends
  /// it. A reader of the output that goes away (SIGPIPE) stops nothing.
  /// - Parameter answering: whether a person who presses Ctrl-C is told what that will do to a training.
  package static func watch(answering: Bool = true) {
    StandardError.outliveFailedWrites()
    answers.store(answering, ordering: .relaxed)
    for number in [SIGTERM, SIGINT, SIGUSR1] {
      Foundation.signal(number) { number in
        _ = StopRequest.signal.compareExchange(expected: 0, desired: number, ordering: .relaxed)
        guard number == SIGINT else { return }
        if StopRequest.interrupts.add(1, ordering: .relaxed).oldValue > 0 { _exit(128 + SIGINT) }
        if StopRequest.answers.load(ordering: .relaxed) { StopRequest.answerInterrupt() }
      }
    }
  }

  /// Answers a person who presses Ctrl-C, because a step may take long. Signal handlers may call this.
  package static func answerInterrupt() {
    let answer: StaticString = """

      svdist: stopping after this step, or at once where training has not begun; Ctrl-C again ends at once, without a \
      checkpoint

      """
    // Only write(2) is allowed in a handler.
    _ = write(STDERR_FILENO, answer.utf8Start, answer.utf8CodeUnitCount)
  }

  /// Ends a wait that a signal asks to end.
  /// - Parameter what: the thing that is waited for, in the error.
  /// - Throws: `Failure(.stopped)`.
  static func check(waitingFor what: @autoclosure () -> String) throws {
    guard let received else { return }
    throw Failure(.stopped, "stopped by \(name(received)) while it waited for \(what()): run the same command again")
  }

  /// The signal that asked for a stop; nil if none did.
  package static var received: Int32? {
    let number = signal.load(ordering: .relaxed)
    return number == 0 ? nil : number
  }

  package static func name(_ signal: Int32) -> String {
    switch signal {
    case SIGTERM: "SIGTERM"
    case SIGINT: "SIGINT"
    case SIGUSR1: "SIGUSR1"
    default: "signal \(signal)"
    }
  }
}
