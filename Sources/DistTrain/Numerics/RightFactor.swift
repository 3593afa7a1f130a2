internal import CKernels

/// The right factor of products in single precision where it is read otherwise than as a matrix is stored, so that no
/// copy of it is made for the product to pack. Results have the bits of products with the matrix that it stands for.
///
/// Unchecked: nobody writes the elements while products read them.
struct RightFactor: @unchecked Sendable {
  /// How the factor's elements are found.
  private enum Form {
    /// Those of a matrix whose rows are scaled and shifted as they are read, and rectified if they are to be.
    case scaled(scales: [Float], shifts: [Float], rectified: Bool)
    /// The element of a row and a column is as many behind the first as both say.
    case windows(rows: [Int], stretches: [ck_stretch])
    /// Panels of so many columns as the kernel multiplies at a time.
    case laidOut
  }

  let rows: Int
  let columns: Int
  private let elements: UnsafePointer<Float>
  private let stride: Int
  private let form: Form
  /// Keeps the elements alive.
  private let owner: Buffer?

  private init(
    _ elements: UnsafePointer<Float>, rows: Int, columns: Int, stride: Int = 0, _ form: Form, owner: Buffer? = nil
  ) {
    self.elements = elements
    self.rows = rows
    self.columns = columns
    self.stride = stride
    self.form = form
    self.owner = owner
  }

  /// A matrix whose rows are scaled and shifted, a[r]·x[r] + c[r], or what a ReLU makes of them. The caller keeps its
  /// elements alive.
  init(_ matrix: MatrixView, scales: [Float], shifts: [Float], rectified: Bool) {
    precondition(scales.count == matrix.rows && shifts.count == matrix.rows, "a scale and a shift for each row")
    self.init(
      matrix.pointer, rows: matrix.rows, columns: matrix.columns, stride: matrix.stride,
      .scaled(scales: scales, shifts: shifts, rectified: rectified))
  }

  /// A factor of which several rows have the same elements.
  /// - Parameters:
  ///   - memory: the elements.
  ///   - rows: what each row adds to the place of an element in the memory.
  ///   - stretches: all columns in ascending order, and what they add.
  init(windowsOf memory: Matrix, rows: [Int], stretches: [ck_stretch]) {
    let columns = stretches.last.map { $0.column + $0.count } ?? 0
    self.init(
      memory.pointer, rows: rows.count, columns: columns, .windows(rows: rows, stretches: stretches),
      owner: memory.buffer)
  }

  /// A factor in panels of `panelColumns` columns, one after the other, each row by row.
  /// - Parameters:
  ///   - first: the first element, whose owner keeps all alive.
  ///   - step: the elements from one panel to the next.
  init(laidOut first: UnsafePointer<Float>, rows: Int, columns: Int, step: Int, owner: Buffer) {
    self.init(first, rows: rows, columns: columns, stride: step, .laidOut, owner: owner)
  }

  /// The columns of a panel.
  static var panelColumns: Int { ck_panel_columns() }

  /// Adds or writes products with it, from a column on.
  fileprivate func multiply(_ left: ck_left, from column: Int, adding: Bool, into c: MatrixView) {
    var left = left
    var right = ck_right()
    right.elements = elements
    right.stride = stride
    right.column = column
    func run() { ck_product_other(&left, &right, c.rows, c.columns, rows, adding ? 1 : 0, c.pointer, c.stride) }
    switch form {
    case .scaled(let scales, let shifts, let rectified):
      right.form = CK_SCALED
      right.rectified = rectified ? 1 : 0
      scales.withUnsafeBufferPointer { scales in
        shifts.withUnsafeBufferPointer { shifts in
          right.scales = scales.baseAddress
          right.shifts = shifts.baseAddress
          run()
        }
      }
    case .windows(let rows, let stretches):
      right.form = CK_WINDOWS
      rows.withUnsafeBufferPointer { rows in
        stretches.withUnsafeBufferPointer { stretches in
          right.rows = rows.baseAddress
          right.stretches = stretches.baseAddress
          run()
        }
      }
    case .laidOut:
      right.form = CK_LAID_OUT
      run()
    }
  }
}

/// c = a · b, or c + a · b when adding, in single precision.
func multiply(_ a: LeftFactor, _ b: RightFactor, into c: MatrixView, adding: Bool = false) {
  check(a, b, c, adding: adding)
  let pieces = ProductPieces(rows: c.rows, columns: c.columns, inner: a.columns)
  ThreadTeam.shared.run(pieces.count) { piece in
    let (rows, columns) = pieces[piece]
    b.multiply(
      a.kernelFactor(from: rows.lowerBound), from: columns.lowerBound, adding: adding,
      into: c.rows(rows).columns(columns))
  }
}

/// c = a · b in single precision on the caller's thread, for small products that are a part of what each thread does.
func multiplyAlone(_ a: LeftFactor, _ b: RightFactor, into c: MatrixView) {
  check(a, b, c, adding: false)
  b.multiply(a.kernelFactor(from: 0), from: 0, adding: false, into: c)
}

private func check(_ a: LeftFactor, _ b: RightFactor, _ c: MatrixView, adding: Bool) {
  precondition(
    a.rows == c.rows && b.columns == c.columns && a.columns == b.rows,
    "a product's shapes must fit: \(a.rows) × \(a.columns) · \(b.rows) × \(b.columns) → \(c.rows) × \(c.columns)")
  precondition(c.rows > 0 && c.columns > 0 && a.columns > 0, "a product with such a factor has elements and terms")
  ProductTrace.note(
    ProductShape(
      rows: c.rows, columns: c.columns, inner: a.columns, turnsA: false, turnsB: false, strideOfA: a.columns,
      strideOfB: b.columns, strideOfC: c.stride, adding: adding, precision: .single))
}
