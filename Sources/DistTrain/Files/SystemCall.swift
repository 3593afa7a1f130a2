import Foundation

/// The one place through which files are written and read: a call that fails becomes a `Failure` that names the path
/// and the system's reason.
package enum SystemCall {
  /// What a call does, in the words of its error.
  package enum Purpose: String, Sendable {
    case read, write, create, sync, rename, remove, close
  }

  /// Lets a test make a call fail: the error number that the call reports instead of being made, or nil.
  @TaskLocal package static var fault: (@Sendable (_ purpose: Purpose, _ path: String) -> Int32?)?

  /// Makes a call that returns a negative number on error, again when a signal interrupted it.
  ///
  /// - Throws: `status` with the path and the system's reason.
  @discardableResult
  static func run<Result: SignedInteger>(
    _ purpose: Purpose, _ path: String, status: ExitStatus = .failed, _ call: () -> Result
  ) throws -> Result {
    if let number = fault?(purpose, path) { throw failure(purpose, path, number: number, status: status) }
    while true {
      let result = call()
      if result >= 0 { return result }
      let number = errno
      // A descriptor is gone after close, interrupted or not.
      if number == EINTR { if purpose == .close { return 0 } else { continue } }
      throw failure(purpose, path, number: number, status: status)
    }
  }

  private static func failure(_ purpose: Purpose, _ path: String, number: Int32, status: ExitStatus) -> Failure {
    Failure(status, "cannot \(purpose.rawValue) \(path): \(String(cString: strerror(number)))")
  }
}
