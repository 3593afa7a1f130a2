/// The anchors of a rank in blocks of whole units, so that the cosines of a large batch are never all in memory.
package struct AnchorBlocks {
  /// A stretch of anchors, counted from the rank's first.
  struct Block {
    /// The anchors of each unit.
    let units: [Range<Int>]

    var start: Int { units[0].lowerBound }
    var rows: Range<Int> { start..<units[units.count - 1].upperBound }
  }

  /// The usual number of cosines of a block: 16 MB of them.
  package static let most = 1 << 22

  let all: [Block]
  private let batch: SupervisedContrastiveLoss.Batch
  /// The cosines of the only block, which are computed once.
  private let only: Matrix?

  /// - Parameter most: the number of cosines that a block may have, unless one unit has more.
  init(_ batch: SupervisedContrastiveLoss.Batch, most: Int) {
    self.batch = batch
    let rows = max(1, most / max(1, batch.speakers.count))
    var blocks: [[Range<Int>]] = []
    for unit in batch.units.ranges(of: batch.own.count) where !unit.isEmpty {
      if let first = blocks.last?.first, unit.upperBound - first.lowerBound <= rows {
        blocks[blocks.count - 1].append(unit)
      } else {
        blocks.append([unit])
      }
    }
    all = blocks.map(Block.init)
    only = all.count == 1 ? Self.cosines(all[0], batch) : nil
  }

  /// The cosines of a block's anchors with all rows. The caller may use their memory in the last of two turns.
  func cosines(_ block: Block) -> Matrix { only ?? Self.cosines(block, batch) }

  private static func cosines(_ block: Block, _ batch: SupervisedContrastiveLoss.Batch) -> Matrix {
    let cosines = Matrix(rows: block.rows.count, columns: batch.speakers.count)
    let first = batch.own.lowerBound
    multiply(
      batch.embeddings.rows(first + block.rows.lowerBound..<first + block.rows.upperBound),
      transposed: batch.embeddings.view, into: cosines.view)
    return cosines
  }
}
