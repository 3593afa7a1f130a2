import DistTrain
import Synchronization
import TestTools
import Testing

/// Products that are cut in pieces, and those whose factors are rounded.
@Suite struct LargeProductTests {
  struct Shape: Sendable {
    let rows: Int
    let columns: Int
    let inner: Int
  }

  /// Cut by columns; long sums; by rows and columns; whole; with edges of no block's size.
  static let shapes = [
    Shape(rows: 256, columns: 3000, inner: 128), Shape(rows: 96, columns: 80, inner: 12_001),
    Shape(rows: 1100, columns: 1000, inner: 4004), Shape(rows: 5, columns: 7, inner: 3),
    Shape(rows: 13, columns: 33, inner: 515), Shape(rows: 241, columns: 1601, inner: 1),
    Shape(rows: 9, columns: 4130, inner: 300),
  ]

  private func random(_ rows: Int, _ columns: Int, item: Int) -> Matrix {
    var stream = RandomStream(seed: 2, purpose: .test, item: item)
    return Matrix(rows: rows, columns: columns, (0..<rows * columns).map { _ in Float(stream.uniform(-1, 1)) })
  }

  @Test(arguments: shapes, Precision.allCases.filter(\.isAvailable))
  func `each form of a product equals plain sums, and adds`(shape: Shape, precision: Precision) {
    let a = random(shape.rows, shape.inner, item: 1)
    let b = random(shape.inner, shape.columns, item: 2)
    let (turnedA, turnedB) = (a.transposed, b.transposed)
    let c = (0..<3).map { _ in Matrix(rows: shape.rows, columns: shape.columns) }
    multiply(a.view, b.view, into: c[0].view, precision: precision)
    multiply(transposed: turnedA.view, b.view, into: c[1].view, precision: precision)
    multiply(a.view, transposed: turnedB.view, into: c[2].view, precision: precision)
    // Eight bits of significand: rounding is 2⁻⁸ a factor, at most.
    let bound = precision == .single ? 1e-5 : 8e-3
    for (row, column) in places(shape) {
      let expected = (0..<shape.inner).reduce(0.0) { $0 + Double(a[row, $1]) * Double(b[$1, column]) }
      let size = (0..<shape.inner).reduce(0.0) { $0 + abs(Double(a[row, $1]) * Double(b[$1, column])) }
      for form in c { #expect(abs(Double(form[row, column]) - expected) <= bound * (size + 1e-3)) }
    }
    let before = c[0].values
    multiply(a.view, b.view, into: c[0].view, adding: true, precision: precision)
    #expect(relativeDistance(c[0].values, before.map { 2 * $0 }) < 1e-5)
  }

  @Test(arguments: shapes) func `a factor that is laid out gives the same bits, whole and in part`(shape: Shape) {
    let (a, b) = (random(shape.rows, shape.inner, item: 1), random(shape.inner, shape.columns, item: 2))
    let laidOut = LeftFactor(packing: a.view)
    let parts = [0..<shape.inner, shape.inner / 3..<shape.inner / 3 + (shape.inner + 1) / 2]
    for adding in [false, true] {
      for part in parts {
        let c = (0..<3).map { _ in random(shape.rows, shape.columns, item: 3) }
        multiply(a.columns(part), b.rows(part), into: c[0].view, adding: adding)
        multiply(LeftFactor(a.view).columns(part), b.rows(part), into: c[1].view, adding: adding)
        multiply(laidOut.columns(part), b.rows(part), into: c[2].view, adding: adding)
        #expect(c[1].values == c[0].values && c[2].values == c[0].values)
        // A part of a part is counted from its own beginning.
        let inner = part.count / 4..<(part.count + 1) / 2 + part.count / 4
        let place = part.lowerBound + inner.lowerBound..<part.lowerBound + inner.upperBound
        multiply(a.columns(place), b.rows(place), into: c[0].view, adding: adding)
        multiply(laidOut.columns(part).columns(inner), b.rows(place), into: c[2].view, adding: adding)
        #expect(c[2].values == c[0].values)
      }
    }
  }

  /// a·b, aᵀ·b and a·bᵀ of the same numbers, whole or a part of rows and columns, into the middle of a larger matrix.
  private struct Forms {
    let a: Matrix
    let b: Matrix
    let turnedA: Matrix
    let turnedB: Matrix

    func multiply(_ form: Int, rows: Range<Int>, columns: Range<Int>, into c: MatrixView) {
      let target = c.rows(rows).columns(columns)
      switch form {
      case 0: DistTrain.multiply(a.rows(rows), b.columns(columns), into: target)
      case 1: DistTrain.multiply(transposed: turnedA.columns(rows), b.columns(columns), into: target)
      default: DistTrain.multiply(a.rows(rows), transposed: turnedB.rows(columns), into: target)
      }
    }

    /// All of c with a margin of two on each side, which stays zero.
    func product(_ form: Int, cuts: (row: Int, column: Int)? = nil) -> [Float] {
      let whole = Matrix.zeros(rows: a.rows + 4, columns: b.columns + 4)
      let c = whole.rows(2..<a.rows + 2).columns(2..<b.columns + 2)
      guard let cuts else {
        multiply(form, rows: 0..<a.rows, columns: 0..<b.columns, into: c)
        return whole.values
      }
      for rows in [0..<cuts.row, cuts.row..<a.rows] {
        for columns in [0..<cuts.column, cuts.column..<b.columns] {
          multiply(form, rows: rows, columns: columns, into: c)
        }
      }
      return whole.values
    }

    /// Whether nothing was written beside c.
    func isKept(_ values: [Float]) -> Bool {
      let width = b.columns + 4
      return values.indices.allSatisfy {
        let (row, column) = $0.quotientAndRemainder(dividingBy: width)
        return (2..<a.rows + 2).contains(row) && (2..<width - 2).contains(column) || values[$0] == 0
      }
    }
  }

  private func forms(_ shape: Shape, item: Int) -> Forms {
    let a = random(shape.rows, shape.inner, item: item)
    let b = random(shape.inner, shape.columns, item: item + 1)
    return Forms(a: a, b: b, turnedA: a.transposed, turnedB: b.transposed)
  }

  @Test(arguments: shapes, 0..<3) func `the bits don't depend on the number of threads`(shape: Shape, form: Int) {
    let forms = forms(shape, item: 3)
    ThreadTeam.shared.grow(to: 3)
    let together = forms.product(form)
    // Within a loop of the team a product is its thread's alone.
    let loop = Mutex<[Float]>([])
    ThreadTeam.shared.run(2) { index in if index == 0 { loop.withLock { $0 = forms.product(form) } } }
    let alone = loop.withLock { $0 }
    #expect(together == alone)
    #expect(forms.isKept(alone))
  }

  /// Cuts fall within tiles.
  @Test(arguments: shapes, 0..<3) func `the bits don't depend on how rows and columns are cut`(shape: Shape, form: Int)
  {
    let forms = forms(shape, item: 5)
    #expect(forms.product(form) == forms.product(form, cuts: (shape.rows / 3, shape.columns / 3)))
  }

  private func places(_ shape: Shape) -> [(Int, Int)] {
    var stream = RandomStream(seed: 4, purpose: .test)
    return (0..<40).map { _ in (stream.below(shape.rows), stream.below(shape.columns)) }
      + [(shape.rows - 1, shape.columns - 1), (0, 0)]
  }
}
