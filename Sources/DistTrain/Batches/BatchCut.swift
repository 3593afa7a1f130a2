/// How a global batch is cut: into units of `unit` rows, of which the last may have fewer, and whole units for each rank, as
/// evenly as they allow.
package struct BatchCut: Sendable {
  /// Rows of the global batch.
  package let rows: Int
  /// Which units each rank has.
  package let shares: TermShares
  private let unit: Int
  private let unitsOfRank: [Range<Int>]

  package init(rows: Int, unit: Int, ranks: Int) {
    precondition(rows > 0 && unit > 0 && ranks > 0, "\(rows) rows in units of \(unit) for \(ranks) ranks")
    self.rows = rows
    self.unit = unit
    let units = Self.units(rows: rows, unit: unit)
    func start(_ rank: Int) -> Int { rank * (units / ranks) + min(rank, units % ranks) }
    unitsOfRank = (0..<ranks).map { start($0)..<start($0 + 1) }
    shares = TermShares(unitsOfRank)
  }

  /// Units that so many rows make.
  package static func units(rows: Int, unit: Int) -> Int { (rows + unit - 1) / unit }

  /// The rows of a rank, those of the ranks before it first.
  package func rows(of rank: Int) -> Range<Int> {
    let units = unitsOfRank[rank]
    return min(units.lowerBound * unit, rows)..<min(units.upperBound * unit, rows)
  }

  /// The number of rows of each rank.
  package var counts: [Int] { unitsOfRank.indices.map { rows(of: $0).count } }

  /// A rank's rows as units, numbered from its first.
  package func units(of rank: Int) -> BatchUnits {
    let own = unitsOfRank[rank]
    return BatchUnits(
      sizes: own.map { min(($0 + 1) * unit, rows) - $0 * unit },
      nodes: shares.nodes[rank].map { $0.lowerBound - own.lowerBound..<$0.upperBound - own.lowerBound })
  }
}

extension Communicator {
  /// Sums numbers over the units of all ranks, from those of this rank's, `width` a unit. All ranks call this together.
  /// - Parameter shares: which units each rank has.
  package func total(_ values: [Double], width: Int, units: BatchUnits, of shares: TermShares) -> [Double] {
    sum(units.nodeSums(values, width: width), width: width, of: shares)
  }
}

/// A global batch as a rank has it.
public struct GlobalBatch {
  /// Of this rank's rows, bins × (rows · frames).
  package let features: Matrix
  /// The speaker of each row of the global batch, by number.
  package let speakers: [Int]
  /// Which rows each rank has.
  package let cut: BatchCut
  /// What this rank's rows hold, in their order; none where the batch was not loaded from a corpus.
  package var rows: [LoadedRow] = []
  /// Utterances that this batch found unreadable on any rank, and no batch before it.
  package var unreadable: [BatchLoader.Unreadable] = []
}
