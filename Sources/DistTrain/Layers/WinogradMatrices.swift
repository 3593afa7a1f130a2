/// Sixteen matrices of one shape: the numbers to which Winograd's minimal filtering transforms tiles, kernels or products,
/// each number's in a matrix of its own.
struct WinogradMatrices: Sendable {
  /// The numbers of a tile: four by four.
  static let count = 16
  /// The elements between two matrices. Transforms may overwrite seven of them, and without them the sixteen elements of
  /// a tile would lie in few sets of the cache.
  private static let gap = 16

  let rows: Int
  let columns: Int
  private let memory: Matrix

  /// Matrices whose values are undefined.
  init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    memory = Matrix(rows: Self.count, columns: rows * columns + Self.gap)
  }

  /// The number of elements from one matrix to the next.
  var step: Int { memory.columns }

  /// The matrix of a number, rows × columns.
  subscript(number: Int) -> MatrixView {
    MatrixView(memory.row(number), rows: rows, columns: columns, owner: memory.buffer)
  }

  /// The first element of a row in the first matrix.
  func row(_ index: Int) -> UnsafeMutablePointer<Float> { memory.pointer + index * columns }
}
