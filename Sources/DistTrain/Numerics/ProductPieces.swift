/// The rectangles that a product is cut into for threads, one row of rectangles after another.
struct ProductPieces {
  private let rows: Int
  private let columns: Int
  private let height: Int
  private let width: Int

  /// The steps in which sides are cut: multiples of the tiles of all kernels.
  private static let (tileRows, tileColumns) = (12, 32)
  /// The shortest side to cut down to: with shorter sides, packing the factors costs more than multiplying them.
  private static let leastSide = 96

  /// - Parameters:
  ///   - rows: the number of rows of the result.
  ///   - columns: the number of columns of the result.
  ///   - inner: the number of terms of each sum.
  ///   - limit: the longest side of a piece.
  init(rows: Int, columns: Int, inner: Int, limit: Int = .max) {
    self.rows = rows
    self.columns = columns
    var height = min(rows, limit)
    var width = min(columns, limit)
    let threads = ThreadTeam.shared.available
    // More pieces than threads even out the load from other work on the cores; a small product is done before other
    // threads wake.
    let wanted = threads == 1 || 2 * rows * columns * inner < 1 << 27 ? 1 : 2 * threads
    func count() -> Int { ((rows + height - 1) / height) * ((columns + width - 1) / width) }
    func isUneven() -> Bool { wanted > 1 && count() % threads != 0 && count() < 4 * wanted }
    while count() < wanted || isUneven(), max(height, width) >= 2 * Self.leastSide {
      if width >= height {
        width = Self.half(width, tile: Self.tileColumns)
      } else {
        height = Self.half(height, tile: Self.tileRows)
      }
    }
    self.height = height
    self.width = width
  }

  private static func half(_ side: Int, tile: Int) -> Int { ((side + 1) / 2 + tile - 1) / tile * tile }

  private var across: Int { (columns + width - 1) / width }

  var count: Int { (rows + height - 1) / height * across }

  subscript(piece: Int) -> (rows: Range<Int>, columns: Range<Int>) {
    let (row, column) = piece.quotientAndRemainder(dividingBy: across)
    return (
      row * height..<min((row + 1) * height, rows), column * width..<min((column + 1) * width, columns)
    )
  }
}
