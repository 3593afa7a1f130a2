/// Work on a row of items that ranks share. What is computed of an item must not depend on the others of its stretch, so
/// that any number of ranks gives the same bits.
extension Communicator {
  /// The stretches of so many items that the ranks have, in the order of ranks; their lengths differ by one at most.
  package func shares(of count: Int) -> [Range<Int>] {
    (0..<size).map { count * $0 / size..<count * ($0 + 1) / size }
  }

  /// A number for each item, on every rank, of which each rank computes those of its stretch.
  /// - Parameter body: gives the numbers of a stretch in order. It calls no operation of the communicator.
  /// - Throws: `AgreedFailure` where `body` throws on any rank: that of the lowest rank, whose items come first.
  package func shared(_ count: Int, _ body: (Range<Int>) throws -> [Float]) throws -> [Float] {
    let shares = shares(of: count)
    let own = try agree { try body(shares[rank]) }
    return gather(own, counts: shares.map(\.count))
  }

  /// `width` numbers for each item, one item after the other, as the other `shared` gives one.
  package func shared(_ count: Int, width: Int, _ body: (Range<Int>) throws -> [Double]) throws -> [Double] {
    let shares = shares(of: count)
    let own = try agree { try body(shares[rank]) }
    return gather(own, counts: shares.map { $0.count * width })
  }
}

extension SoleCommunicator {
  /// Runs in this process alone what ranks could share.
  /// - Throws: what `body` agreed on, as the failure that it is.
  package static func run<Result>(_ body: (SoleCommunicator) throws -> Result) throws -> Result {
    do {
      return try body(SoleCommunicator())
    } catch let agreed as AgreedFailure {
      throw agreed.failure
    }
  }
}
