import DistTrain
import TestTools
import Testing

@Suite struct ProductTests {
  private func random(_ rows: Int, _ columns: Int, item: Int) -> Matrix {
    var stream = RandomStream(seed: 2, purpose: .test, item: item)
    return Matrix(rows: rows, columns: columns, (0..<rows * columns).map { _ in Float(stream.normal()) })
  }

  private func plain(_ a: Matrix, _ b: Matrix) -> [Float] {
    (0..<a.rows * b.columns).map { index in
      let (row, column) = (index / b.columns, index % b.columns)
      return Float((0..<a.columns).reduce(0.0) { $0 + Double(a[row, $1]) * Double(b[$1, column]) })
    }
  }

  @Test func `products of matrices and their transposes equal plain loops`() {
    let a = random(5, 7, item: 1)
    let b = random(7, 9, item: 2)
    let expected = plain(a, b)
    let c = Matrix.zeros(rows: 5, columns: 9)
    multiply(a.view, b.view, into: c.view)
    #expect(relativeDistance(c.values, expected) < 1e-6)
    multiply(transposed: a.transposed.view, b.view, into: c.view)
    #expect(relativeDistance(c.values, expected) < 1e-6)
    multiply(a.view, transposed: b.transposed.view, into: c.view, adding: true)
    #expect(relativeDistance(c.values, expected.map { 2 * $0 }) < 1e-6)
  }

  @Test func `views of rows and columns are parts of the whole`() {
    let a = random(4, 6, item: 3)
    let b = random(6, 8, item: 4)
    let c = Matrix.zeros(rows: 4, columns: 8)
    multiply(a.rows(0..<2), b.columns(0..<5), into: c.view.rows(0..<2).columns(0..<5))
    multiply(a.rows(2..<4), b.columns(0..<5), into: c.view.rows(2..<4).columns(0..<5))
    multiply(a.view, b.columns(5..<8), into: c.columns(5..<8))
    #expect(relativeDistance(c.values, plain(a, b)) < 1e-6)
  }

  @Test func `a buffer's memory is used again by the next one of its size`() {
    do { _ = Buffer(count: 12_345) }
    let before = BufferPool.shared.allocations
    for _ in 0..<10 { _ = Buffer(count: 12_345) }
    // Tests beside this one allocate too; ten allocations of ours would show.
    #expect(BufferPool.shared.allocations - before < 10)
  }
}
