import DistTrain
import Testing

/// Products that are cut in pieces, and those whose factors are rounded.
@Suite struct LargeProductTests {
  struct Shape: Sendable {
    let rows: Int
    let columns: Int
    let inner: Int
  }

  /// Cut by columns; by the sum; by the sum and by rows; whole; with edges of no block's size.
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

  @Test(arguments: shapes) func `the bits don't depend on the number of threads`(shape: Shape) {
    let a = random(shape.rows, shape.inner, item: 3)
    let b = random(shape.inner, shape.columns, item: 4)
    func product() -> [Float] {
      let c = Matrix(rows: shape.rows, columns: shape.columns)
      multiply(a.view, b.view, into: c.view)
      return c.values
    }
    ThreadTeam.shared.grow(to: 3)
    let together = product()
    // Within a loop of the team a product is its thread's alone.
    var alone: [Float] = []
    ThreadTeam.shared.run(2) { if $0 == 0 { alone = product() } }
    #expect(together == alone)
  }

  /// Cuts fall within tiles of 6 × 16. Long sums are left out, which are cut themselves.
  @Test(
    .enabled(if: Precision.single.addsInOneOrder, "only where svdist multiplies itself"),
    arguments: shapes.filter { $0.inner < 4000 })
  func `the bits don't depend on how rows and columns are cut`(shape: Shape) {
    let a = random(shape.rows, shape.inner, item: 5)
    let b = random(shape.inner, shape.columns, item: 6)
    let whole = Matrix(rows: shape.rows, columns: shape.columns)
    // One thread's product: within a loop of the team.
    ThreadTeam.shared.run(2) { if $0 == 0 { multiply(a.view, b.view, into: whole.view) } }
    let parts = Matrix(rows: shape.rows, columns: shape.columns)
    let (row, column) = (shape.rows / 3, shape.columns / 3)
    for rows in [0..<row, row..<shape.rows] {
      for columns in [0..<column, column..<shape.columns] {
        multiply(a.view.rows(rows), b.view.columns(columns), into: parts.view.rows(rows).columns(columns))
      }
    }
    #expect(parts.values == whole.values)
  }

  private func places(_ shape: Shape) -> [(Int, Int)] {
    var stream = RandomStream(seed: 4, purpose: .test)
    return (0..<40).map { _ in (stream.below(shape.rows), stream.below(shape.columns)) }
      + [(shape.rows - 1, shape.columns - 1), (0, 0)]
  }
}
