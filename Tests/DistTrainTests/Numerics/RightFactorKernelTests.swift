import CKernels
import DistTrain
import Testing

/// Products whose right factor is read otherwise than as it is stored have the bits of those with the matrix that it
/// stands for.
@Suite struct RightFactorKernelTests {
  struct Shape: Sendable {
    let rows: Int
    let columns: Int
    let inner: Int
  }

  /// Rows of several tiles and blocks; columns of panels that are full, half full and nearly empty; one and several
  /// pieces of the sums.
  static let shapes = [
    Shape(rows: 1, columns: 1, inner: 1), Shape(rows: 12, columns: 32, inner: 8),
    Shape(rows: 7, columns: 48, inner: 40),
    Shape(rows: 32, columns: 79, inner: 96), Shape(rows: 128, columns: 97, inner: 288),
    Shape(rows: 25, columns: 111, inner: 600), Shape(rows: 400, columns: 70, inner: 20),
  ]

  @Test(arguments: shapes, [false, true]) func `rows that are scaled, shifted and rectified`(shape: Shape, adding: Bool)
  {
    let setup = Setup(shape, adding: adding)
    let source = Setup.numbers(shape.inner, shape.columns, item: 4)
    let (scales, shifts) = (Setup.numbers(1, shape.inner, item: 5), Setup.numbers(1, shape.inner, item: 6))
    for rectified in [false, true] {
      let factor = Matrix(rows: shape.inner, columns: shape.columns)
      for row in 0..<shape.inner {
        (rectified ? ck_affine_relu : ck_affine)(
          source.row(row), factor.row(row), shape.columns, scales[0, row], shifts[0, row])
      }
      var right = ck_right()
      right.form = CK_SCALED
      right.elements = UnsafePointer(source.pointer)
      right.stride = shape.columns
      right.scales = UnsafePointer(scales.pointer)
      right.shifts = UnsafePointer(shifts.pointer)
      right.rectified = rectified ? 1 : 0
      setup.check(right, factor)
    }
    withExtendedLifetime((source, scales, shifts)) {}
  }

  /// Rows that begin anywhere, of stretches that are shorter and longer than panels and follow one another backwards.
  @Test(arguments: shapes, [false, true]) func `windows`(shape: Shape, adding: Bool) {
    let setup = Setup(shape, adding: adding)
    let memory = Setup.numbers(1, 3 * shape.inner + 4 * shape.columns + 300, item: 7)
    let rows = (0..<shape.inner).map { 3 * ($0 * 7 % shape.inner) }
    var stretches: [ck_stretch] = []
    var column = 0
    for length in [5, 33, 1, 64, 16, 200] where column < shape.columns {
      let count = min(length, shape.columns - column)
      stretches.append(ck_stretch(column: column, count: count, element: 4 * shape.columns - 3 * column))
      column += count
    }
    let factor = Matrix(rows: shape.inner, columns: shape.columns)
    for (row, first) in rows.enumerated() {
      for stretch in stretches {
        for place in 0..<stretch.count {
          factor[row, stretch.column + place] = memory[0, first + stretch.element + place]
        }
      }
    }
    var right = ck_right()
    right.form = CK_WINDOWS
    right.elements = UnsafePointer(memory.pointer)
    rows.withUnsafeBufferPointer { rows in
      stretches.withUnsafeBufferPointer { stretches in
        right.rows = rows.baseAddress
        right.stretches = stretches.baseAddress
        setup.check(right, factor)
      }
    }
    withExtendedLifetime(memory) {}
  }

  @Test(arguments: shapes, [false, true]) func `panels that are laid out`(shape: Shape, adding: Bool) {
    let setup = Setup(shape, adding: adding)
    let factor = Setup.numbers(shape.inner, shape.columns, item: 8)
    let width = ck_panel_columns()
    let step = shape.inner * width + 5
    let memory = Setup.numbers((shape.columns + width - 1) / width, step, item: 9)
    for row in 0..<shape.inner {
      for column in 0..<shape.columns {
        memory[column / width, row * width + column % width] = factor[row, column]
      }
    }
    var right = ck_right()
    right.form = CK_LAID_OUT
    right.elements = UnsafePointer(memory.pointer)
    right.stride = step
    setup.check(right, factor)
    withExtendedLifetime(memory) {}
  }

  /// A left factor as it is stored and as it is laid out, and what products are added to.
  private struct Setup {
    let shape: Shape
    let adding: Bool
    let left: Matrix
    let packed: Matrix
    let before: Matrix

    static func numbers(_ rows: Int, _ columns: Int, item: Int) -> Matrix {
      var stream = RandomStream(seed: 3, purpose: .test, item: item)
      return Matrix(rows: rows, columns: columns, (0..<rows * columns).map { _ in Float(stream.normal()) })
    }

    init(_ shape: Shape, adding: Bool) {
      self.shape = shape
      self.adding = adding
      left = Self.numbers(shape.rows, shape.inner, item: 1)
      packed = Matrix(rows: 1, columns: ck_packed_size(shape.rows, shape.inner))
      ck_pack(left.pointer, shape.inner, shape.rows, shape.inner, packed.pointer)
      before = Self.numbers(shape.rows, shape.columns, item: 2)
    }

    /// Compares all columns, and those from the second panel on, of the product with a factor's matrix.
    func check(_ right: ck_right, _ factor: Matrix) {
      let expected = result
      ck_product(
        left.pointer, shape.inner, 0, factor.pointer, shape.columns, 0, shape.rows, shape.columns, shape.inner,
        adding ? 1 : 0, expected.pointer, shape.columns)
      let forms = [
        ck_left(elements: left.pointer, stride: shape.inner, packed: 0, row: 0, column: 0),
        ck_left(elements: packed.pointer, stride: shape.inner, packed: 1, row: 0, column: 0),
      ]
      for form in forms {
        for first in [0, ck_panel_columns()] where first < shape.columns {
          let own = result
          var (form, part) = (form, right)
          part.column = first
          ck_product_other(
            &form, &part, shape.rows, shape.columns - first, shape.inner, adding ? 1 : 0, own.pointer + first,
            shape.columns)
          for row in 0..<shape.rows {
            let columns = first..<shape.columns
            #expect(columns.map { own[row, $0] } == columns.map { expected[row, $0] })
          }
        }
      }
    }

    private var result: Matrix { Matrix(rows: shape.rows, columns: shape.columns, before.values) }
  }
}
