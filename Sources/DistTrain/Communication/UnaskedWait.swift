import Foundation
import Synchronization

/// A wait within MPI for all ranks, during which no rank can ask another what it does: MPI has not begun, or ends.
enum UnaskedWait {
  /// Runs `body`, which waits until all ranks have called it, and ends the process where that takes too long.
  /// - Parameters:
  ///   - verb: the thing that all ranks are to do, such as `start`, in the line about one that does not.
  ///   - seconds: the seconds that the process waits.
  ///   - afterStop: the seconds that it still waits once a stop is asked for.
  /// - Throws: `Failure(.failed)` where the system starts no thread that watches.
  static func run<Result>(
    _ verb: String, upTo seconds: Double, afterStop: Double, _ body: () -> Result
  ) throws -> Result {
    let watch = Repeater()
    let patience = Mutex(Patience(seconds: seconds, afterStop: afterStop))
    try watch.start(every: min(seconds, 0.5), for: "the \(verb) of MPI on \(hostName())") {
      guard patience.withLock({ $0.isExhausted() }) else { return }
      if let signal = StopRequest.received {
        StandardError.say(
          "svdist: stopped by \(StopRequest.name(signal)) while MPI on \(hostName()) waited for all ranks to \(verb)")
        _exit(Job.exitStatus(of: .stopped))
      }
      StandardError.say(
        "svdist: MPI on \(hostName()) waited \(Int(seconds)) s for all ranks to \(verb): one does not answer")
      _exit(Job.exitStatus(of: .failed))
    }
    defer { watch.cancel() }
    return body()
  }
}

/// The time that a rank waits for the others, shorter once a stop is asked for. Time in which this process was stopped
/// itself does not count: where others end the job for its sake, it has nothing to say of them.
struct Patience {
  /// The seconds waited up to the last look.
  private(set) var waited = 0.0
  private var lastLook = monotonicSeconds()
  private var limit: Double
  private let afterStop: Double
  private var isAsked = false

  /// Looks come at least twice as often.
  private static let longestGap = 1.0

  init(seconds: Double, afterStop: Double) {
    limit = seconds
    self.afterStop = afterStop
  }

  /// Looks at the clock and for a request to stop, and says whether the rank has waited long enough.
  mutating func isExhausted() -> Bool {
    let now = monotonicSeconds()
    waited += min(now - lastLook, Self.longestGap)
    lastLook = now
    if !isAsked, StopRequest.received != nil {
      isAsked = true
      limit = min(limit, waited + afterStop)
    }
    return waited > limit
  }
}
