/// An error told in one line, which says what is wrong, where (file, line or field) and what to do.
public struct Failure: Error, CustomStringConvertible, Sendable {
  /// The place of the cause, which decides who can mend it.
  public enum Kind: UInt8, Sendable, CaseIterable {
    /// The run itself: a disk, a rank or the network.
    case failed = 1
    /// The command line or the settings.
    case usage
    /// Audio, lists, checkpoints or other input.
    case badData
    /// A request to stop; what was done so far is kept.
    case stopped
  }

  /// The place of the cause.
  public let kind: Kind
  /// The line that the user reads.
  public let message: String
  /// The cause as a value of the room that found it, where callers tell it from others; nil where none does.
  package var cause: (any Error)?

  /// Makes an error of a kind with the line that the user reads.
  public init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  public var description: String { message }
}

extension Failure {
  /// Wraps any error; one that is not a `Failure` becomes one of kind `failed`.
  package init(_ error: any Error) {
    self =
      error as? Failure
      ?? Failure(.failed, "\(error)".split(whereSeparator: \.isNewline).joined(separator: " "))
  }

  /// The message without the `place: ` that it may begin with, for lists that name the place themselves.
  package func reason(at place: String) -> String {
    message.begins(with: place + ": ") ? message.dropping(bytes: place.utf8.count + 2) : message
  }
}
