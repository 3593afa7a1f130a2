/// The cut of a global batch: into units of `unit` rows, of which the last may have fewer, and into whole units for
/// each rank, as evenly as they allow.
package struct BatchCut: Sendable {
  /// The number of rows of the global batch.
  package let rows: Int
  /// The units of each rank.
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

  /// The number of units that so many rows make.
  package static func units(rows: Int, unit: Int) -> Int { (rows + unit - 1) / unit }

  /// The rows of a rank. The rows of the ranks before it come first.
  package func rows(of rank: Int) -> Range<Int> {
    let units = unitsOfRank[rank]
    return min(units.lowerBound * unit, rows)..<min(units.upperBound * unit, rows)
  }

  /// The number of rows of each rank.
  package var counts: [Int] { unitsOfRank.indices.map { rows(of: $0).count } }

  /// A rank's rows as units, numbered from the rank's first.
  package func units(of rank: Int) -> BatchUnits { microBatch(0, of: 1, on: rank).units }

  /// The micro-batches of the global batch as a rank has them. The units are dealt out to them in turn, so that every
  /// rank has rows of each of them, and each has the same rows on any number of ranks.
  /// - Parameter wanted: the number of micro-batches; 1 for the whole batch. There are fewer where a rank would have no
  ///   rows of one.
  package func microBatches(_ wanted: Int, of rank: Int) -> [MicroBatch] {
    let count = max(1, min(wanted, unitsOfRank.map(\.count).min() ?? 1))
    return (0..<count).map { microBatch($0, of: count, on: rank) }
  }

  private func microBatch(_ index: Int, of count: Int, on rank: Int) -> MicroBatch {
    func dealt(before unit: Int) -> Int { (unit - index + count - 1) / count }
    let terms = unitsOfRank.map { dealt(before: $0.lowerBound)..<dealt(before: $0.upperBound) }
    let shares = count == 1 ? self.shares : TermShares(terms)
    let first = rows(of: rank).lowerBound
    let own = unitsOfRank[rank].filter { $0 % count == index }.map {
      $0 * unit - first..<min(($0 + 1) * unit, rows) - first
    }
    let start = terms[rank].lowerBound
    return MicroBatch(
      rows: own, shares: shares,
      units: BatchUnits(
        sizes: own.map(\.count), nodes: shares.nodes[rank].map { $0.lowerBound - start..<$0.upperBound - start }))
  }
}

extension Communicator {
  /// Sums numbers over the units of all ranks. All ranks call this together.
  /// - Parameters:
  ///   - values: `width` numbers of each of this rank's units, unit after unit.
  ///   - units: the units of this rank.
  ///   - shares: the units of each rank.
  package func total(_ values: [Double], width: Int, units: BatchUnits, of shares: TermShares) -> [Double] {
    sum(units.nodeSums(values, width: width), width: width, of: shares)
  }
}

/// A global batch as one rank has it.
public struct GlobalBatch {
  /// The features of this rank's rows, bins × (rows · frames).
  package let features: Matrix
  /// The speaker of each row of the global batch, by number.
  package let speakers: [Int]
  /// The cut into the rows of each rank.
  package let cut: BatchCut
  /// The contents of this rank's rows, in their order; none if the batch was not loaded from a corpus.
  package var rows: [LoadedRow] = []
  /// The utterances that this batch found unreadable on any rank, and no batch before it.
  package var unreadable: [BatchLoader.Unreadable] = []
  /// The recordings to augment with that this batch found unreadable on any rank, and no batch before it.
  package var unreadableRecordings: [UnreadableRecording] = []
  /// The utterances that this batch heard as the mean of several channels on any rank, and no batch before it.
  package var averaged: [AveragedUtterance] = []
}
