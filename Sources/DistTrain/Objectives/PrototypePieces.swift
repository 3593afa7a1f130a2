/// The cut of the speakers' prototypes into pieces of neighbours, and the holder of each.
///
/// The number of speakers alone decides the cut. A sum over speakers is first made within each piece and then over the
/// pieces in the order of a tree, so that it has the same bits however many holders share them.
package struct PrototypePieces: Sendable, Equatable {
  package let speakers: Int
  /// The number of prototypes of a speaker, which follow one another.
  package let subcenters: Int
  /// The number of holders, each of which has neighbouring pieces.
  package let holders: Int
  /// The holder whose view this is, in 0 ..< holders.
  package let holder: Int

  /// The most pieces, and so the most holders that have any.
  package static let most = 64

  package init(speakers: Int, subcenters: Int = 1, holder: Int = 0, of holders: Int = 1) {
    precondition(speakers > 0 && subcenters > 0, "prototypes of at least one speaker")
    precondition((0..<holders).contains(holder), "there is no holder \(holder) of \(holders)")
    self.speakers = speakers
    self.subcenters = subcenters
    self.holders = holders
    self.holder = holder
  }

  /// The number of pieces.
  package var count: Int { min(speakers, Self.most) }

  /// The tree in whose order pieces are summed.
  package var tree: SumTree { SumTree(terms: count) }

  /// The pieces of a holder; none where there are more holders than pieces.
  package func pieces(of holder: Int) -> Range<Int> { count * holder / holders..<count * (holder + 1) / holders }

  /// The pieces of this holder.
  package var own: Range<Int> { pieces(of: holder) }

  /// The speakers of neighbouring pieces.
  package func speakers(of pieces: Range<Int>) -> Range<Int> {
    speakers * pieces.lowerBound / count..<speakers * pieces.upperBound / count
  }

  /// The speakers of a piece.
  package func speakers(of piece: Int) -> Range<Int> { speakers(of: piece..<piece + 1) }

  /// The index among this holder's pieces of the one that has a speaker; nil where another holder has it.
  func index(of speaker: Int) -> Int? {
    let piece = ((speaker + 1) * count - 1) / speakers
    return own.contains(piece) ? piece - own.lowerBound : nil
  }

  /// The rows of neighbouring pieces in the table of all prototypes.
  package func rows(of pieces: Range<Int>) -> Range<Int> {
    let speakers = speakers(of: pieces)
    return speakers.lowerBound * subcenters..<speakers.upperBound * subcenters
  }

  /// The rows of a piece in the table of this holder's prototypes.
  func ownRows(of piece: Int) -> Range<Int> {
    let (first, rows) = (rows(of: own).lowerBound, rows(of: piece..<piece + 1))
    return rows.lowerBound - first..<rows.upperBound - first
  }
}

/// The exchange between the holders of prototypes, which is the identity where one has all of them.
package struct PieceExchange {
  /// Takes `each` numbers of each piece that this holder has, piece after piece, and gives those of all pieces.
  let gather: (_ values: [Double], _ each: Int) -> [Double]
  /// Takes equally many numbers of every holder and gives those of all, holder after holder.
  let collect: (_ values: [Double]) -> [Double]
  /// Sums over all pieces in the order of their tree: takes the sum of each of its nodes that this holder's pieces make
  /// up, or one matrix that does not count where it has none, and writes to the first.
  let sum: (_ nodes: [Matrix]) -> Void

  package init(
    gather: @escaping ([Double], _ each: Int) -> [Double], collect: @escaping ([Double]) -> [Double],
    sum: @escaping ([Matrix]) -> Void
  ) {
    self.gather = gather
    self.collect = collect
    self.sum = sum
  }

  /// The exchange of one holder.
  package static var alone: PieceExchange {
    PieceExchange(gather: { values, _ in values }, collect: { $0 }, sum: { _ in })
  }
}
