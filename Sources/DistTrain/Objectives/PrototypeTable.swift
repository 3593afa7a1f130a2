/// The prototypes that one holder compares a batch with.
struct PrototypeTable {
  let pieces: PrototypePieces
  /// The holder's prototypes, rows × dimensions, of any length.
  private let values: MatrixView
  /// The speakers of each of the holder's pieces that are compared, by their numbers within the piece, ascending; nil
  /// for all.
  private let drawn: [[Int]]?

  init(_ pieces: PrototypePieces, _ values: MatrixView, drawn: [[Int]]? = nil) {
    self.pieces = pieces
    self.values = values
    self.drawn = drawn
  }

  /// The place of a speaker: the index of its piece among the holder's, and its number among those of the piece that
  /// are compared; nil where another holder has it.
  func place(of speaker: Int) -> (piece: Int, speaker: Int)? {
    guard let index = pieces.index(of: speaker) else { return nil }
    let number = speaker - pieces.speakers(of: pieces.own.lowerBound + index).lowerBound
    guard let drawn else { return (index, number) }
    // The numbers ascend.
    var (low, high) = (0, drawn[index].count)
    while low < high {
      let middle = (low + high) / 2
      if drawn[index][middle] < number { low = middle + 1 } else { high = middle }
    }
    return (index, low)
  }

  /// The speaker at a place.
  func speaker(piece index: Int, _ place: Int) -> Int {
    pieces.speakers(of: pieces.own.lowerBound + index).lowerBound + (drawn?[index][place] ?? place)
  }

  /// The rows of a piece, by its index, in the holder's table.
  private func rows(_ index: Int) -> Range<Int> { pieces.ownRows(of: pieces.own.lowerBound + index) }

  /// The directions of the prototypes of a piece that are compared.
  func directions(ofPiece index: Int) -> LengthNormalization {
    let all = values.rows(rows(index))
    guard let drawn else { return LengthNormalization(all) }
    let width = pieces.subcenters
    let some = Matrix(rows: drawn[index].count * width, columns: values.columns)
    for (place, speaker) in drawn[index].enumerated() {
      all.rows(speaker * width..<(speaker + 1) * width).copy(to: some.rows(place * width..<(place + 1) * width))
    }
    return LengthNormalization(some)
  }

  /// The elements of the holder's prototypes that are compared, ascending, each range within a piece; nil for all.
  var compared: [Range<Int>]? {
    let width = pieces.subcenters * values.columns
    return drawn?.enumerated().flatMap { index, speakers in
      let start = rows(index).lowerBound * values.columns
      return speakers.map { start + $0 * width..<start + ($0 + 1) * width }
    }
  }

  /// Writes the gradient of a piece's prototypes that are compared.
  /// - Parameters:
  ///   - gradient: the gradient of the holder's prototypes.
  ///   - write: writes the gradient of the prototypes that are compared.
  func write(ofPiece index: Int, to gradient: MatrixView, _ write: (MatrixView) -> Void) {
    let target = gradient.rows(rows(index))
    guard let drawn else { return write(target) }
    let width = pieces.subcenters
    let some = Matrix(rows: drawn[index].count * width, columns: values.columns)
    write(some.view)
    for (place, speaker) in drawn[index].enumerated() {
      some.rows(place * width..<(place + 1) * width).copy(to: target.rows(speaker * width..<(speaker + 1) * width))
    }
  }
}
