internal import CKernels

/// Matrices of one shape: the numbers to which Winograd's minimal filtering transforms tiles, kernels or products, each
/// number's in a matrix of its own.
struct WinogradMatrices: Sendable {
  /// The numbers of a tile of a map: six by six.
  static let count = 36
  /// The elements of a panel's matrices together, which fill four megabytes.
  private static let room = 1 << 20
  /// The elements between two matrices. Transforms may overwrite seven of them, and without them the numbers of a tile
  /// would lie in few sets of the cache. With five lines of the cache, matrices of the usual numbers of channels have
  /// no size that an estimate of memory would take for a multiple of the frames.
  private static let gap = 80
  /// The elements between two panels of a matrix. Transforms may overwrite seven of them.
  private static let panelGap = 16

  let rows: Int
  let columns: Int
  /// The columns of a panel: all of them, or as many as a product takes at a time.
  private let width: Int
  /// The number of elements from one panel to the next.
  private let panelStep: Int
  /// The number of elements from one matrix to the next.
  let step: Int
  private let memory: Matrix

  /// Matrices whose values are undefined.
  /// - Parameter count: the number of matrices.
  init(_ count: Int = count, rows: Int, columns: Int) {
    self.init(count, rows: rows, columns: columns, capacity: rows * columns)
  }

  /// Matrices of a panel's tiles, or of sums over them, whose values are undefined. Their memory has one size for all
  /// layers and panels, so that these share it.
  init(_ count: Int = count, rows: Int, tiles: Int) {
    let capacity = Self.capacity(count)
    precondition(rows * tiles <= capacity, "matrices of \(rows) × \(tiles) tiles")
    self.init(count, rows: rows, columns: tiles, capacity: capacity)
  }

  private init(_ count: Int, rows: Int, columns: Int, capacity: Int) {
    self.init(count, rows: rows, columns: columns, width: columns, panels: 1, capacity: capacity)
  }

  private init(_ count: Int = count, rows: Int, columns: Int, width: Int, panels: Int, capacity: Int) {
    self.rows = rows
    self.columns = columns
    self.width = width
    panelStep = rows * width + Self.panelGap
    step = panels * panelStep - Self.panelGap + Self.gap
    memory = Matrix(rows: count, columns: capacity + Self.gap)
    precondition(count * step <= memory.count, "matrices of \(rows) × \(columns)")
  }

  /// The matrices of a panel's tiles as right factors of products, whose values are undefined.
  static func laidOut(rows: Int, tiles: Int) -> WinogradMatrices {
    let width = RightFactor.panelColumns
    let panels = (tiles + width - 1) / width
    return WinogradMatrices(rows: rows, columns: tiles, width: width, panels: panels, capacity: capacity())
  }

  /// The most elements of a matrix of tiles.
  static func capacity(_ count: Int = count) -> Int { room / count - gap }

  /// The matrix of a number, rows × columns.
  subscript(number: Int) -> MatrixView {
    MatrixView(memory.pointer + number * step, rows: rows, columns: columns, owner: memory.buffer)
  }

  /// How transforms find the columns.
  var panels: ck_panels { ck_panels(width: width, step: panelStep) }

  /// The matrix of a number, which is laid out, as the right factor of a product.
  func rightFactor(_ number: Int) -> RightFactor {
    precondition(width == RightFactor.panelColumns, "a right factor has panels of its product's columns")
    return RightFactor(
      laidOut: memory.pointer + number * step, rows: rows, columns: columns, step: panelStep, owner: memory.buffer)
  }

  /// All matrices as left factors of products.
  /// - Parameter factor: makes a matrix one.
  func factors(_ factor: (MatrixView) -> LeftFactor = { LeftFactor($0) }) -> [LeftFactor] {
    (0..<memory.rows).map { factor(self[$0]) }
  }

  /// The first element of a row in the first matrix.
  func row(_ index: Int) -> UnsafeMutablePointer<Float> { memory.pointer + index * width }
}
