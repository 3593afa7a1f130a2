import Foundation
import Synchronization

/// The one place through which files are written and read. A call that fails becomes a `Failure` that names the path
/// and the system's reason.
package enum SystemCall {
  /// The purpose of a call, in the word that its error uses.
  package enum Purpose: String, Sendable {
    case read, write, create, sync, rename, remove, close
  }

  /// Gives the error number that a call is to report instead of being made, or nil for a call that is to be made.
  package typealias Fault = @Sendable (_ purpose: Purpose, _ path: String) -> Int32?

  private static let faults = Mutex<[String: Fault]>([:])

  /// Lets calls on paths that begin with `folder` fail as `fault` says while `body` runs, so that tests can break a
  /// disk.
  package static func withFault(under folder: String, _ fault: @escaping Fault, _ body: () throws -> Void) rethrows {
    faults.withLock { $0[folder] = fault }
    defer { faults.withLock { $0[folder] = nil } }
    try body()
  }

  /// Makes a call that returns a negative number on error, and makes it again when a signal interrupts it.
  /// - Throws: a `Failure` of the kind `kind` with the path and the system's reason.
  @discardableResult
  static func run<Result: SignedInteger>(
    _ purpose: Purpose, _ path: String, kind: Failure.Kind = .failed, _ call: () -> Result
  ) throws -> Result {
    let fault = faults.withLock { faults in faults.first { path.hasPrefix($0.key) }?.value }
    if let number = fault?(purpose, path) { throw failure(purpose, path, number: number, kind: kind) }
    while true {
      let result = call()
      if result >= 0 { return result }
      let number = errno
      // After `close` the descriptor is gone, interrupted or not.
      if number == EINTR { if purpose == .close { return 0 } else { continue } }
      throw failure(purpose, path, number: number, kind: kind)
    }
  }

  private static func failure(_ purpose: Purpose, _ path: String, number: Int32, kind: Failure.Kind) -> Failure {
    Failure(kind, "cannot \(purpose.rawValue) \(path): \(String(cString: strerror(number)))")
  }
}
