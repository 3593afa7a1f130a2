/// An error in one clear line that says what is wrong, where (file, line or field) and what to do.
public struct Failure: Error, CustomStringConvertible, Sendable {
  /// Where the cause lies, which decides who can mend it.
  public enum Kind: UInt8, Sendable, CaseIterable {
    /// In the run itself: a disk, a rank or the network.
    case failed = 1
    /// In the command line or the settings.
    case usage
    /// In audio, lists, checkpoints or other input.
    case badData
    /// In a request to stop; what was done so far is kept.
    case stopped
  }

  public let kind: Kind
  public let message: String

  public init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  public var description: String { message }
}

extension Failure {
  /// Wraps any error; one that is no `Failure` becomes one of kind `failed`.
  package init(_ error: any Error) {
    self = error as? Failure ?? Failure(.failed, "\(error)")
  }
}
