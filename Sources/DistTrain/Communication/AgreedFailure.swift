/// A failure that all ranks know of and throw together, so that they leave in order and one of them says why.
package struct AgreedFailure: Error, CustomStringConvertible, Sendable {
  /// The failure of the lowest rank that had one.
  package let failure: Failure
  /// The lowest rank that failed.
  package let rank: Int
  /// Whether this process is that rank, the one that prints.
  package let isMine: Bool
  /// The line to print.
  package let line: String

  package var description: String { line }
}
