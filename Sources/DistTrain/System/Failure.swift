/// The statuses with which a rank ends.
public enum ExitStatus: Int32, Sendable {
  case done = 0
  case failed = 1
  /// Wrong command line or configuration.
  case usage = 64
  /// Bad audio, lists, checkpoints or other input.
  case badData = 65
  /// Stopped on request with a checkpoint written: the same command goes on.
  case stopped = 75
}

/// An error that ends the program with one clear line: what, where (file, line or field), what to do.
public struct Failure: Error, CustomStringConvertible, Sendable {
  public let status: ExitStatus
  public let message: String

  public init(_ status: ExitStatus, _ message: String) {
    self.status = status
    self.message = message
  }

  public var description: String { message }
}
