extension Communicator {
  /// Runs `body` on every rank and throws on all ranks where it throws on any.
  ///
  /// `body` may call no operation of the communicator other than further agreements, because a rank that failed would
  /// not take part.
  /// - Returns: what this rank's `body` returned, where none threw.
  /// - Throws: `AgreedFailure` on every rank, with the message and kind of the lowest rank that failed. Its line names
  ///   rank and host unless all ranks failed: a wrong configuration is not the fault of one rank.
  public func agree<Result>(_ body: () throws -> Result) throws -> Result {
    let outcome = Swift.Result { try body() }
    if case .failure(let agreed as AgreedFailure) = outcome { throw agreed }
    var failure: Failure?
    if case .failure(let error) = outcome { failure = Failure(error) }
    if maximum(failure == nil ? 0 : 1) == 0 { return try outcome.get() }

    let kinds = gather([failure?.kind.rawValue ?? 0]).map { $0[0] }
    let messages = gather(failure?.message ?? "")
    guard let first = kinds.firstIndex(where: { $0 != 0 }) else {
      preconditionFailure("a failure without a kind")
    }
    let shared = Failure(Failure.Kind(rawValue: kinds[first]) ?? .failed, messages[first])
    let line = kinds.contains(0) ? line(shared.message, rank: first) : "svdist: \(shared.message.shown)"
    throw AgreedFailure(failure: shared, rank: first, isMine: rank == first, line: line)
  }
}

/// A failure that all ranks know of and throw together, so that they leave in order and one of them says why.
public struct AgreedFailure: Error, CustomStringConvertible, Sendable {
  /// The failure of the lowest rank that had one.
  public let failure: Failure
  /// The lowest rank that failed.
  public let rank: Int
  /// Whether this process is that rank, the one that prints.
  public let isMine: Bool
  /// The line to print.
  public let line: String

  public var description: String { line }
}
