import DistTrain
import Testing

/// Other tests multiply at the same time: only shapes that none of them has are looked at.
@Suite struct ProductTraceTests {
  private let a = Matrix.zeros(rows: 3, columns: 1009)
  private let b = Matrix.zeros(rows: 1009, columns: 7)
  private let c = Matrix.zeros(rows: 3, columns: 7)

  @Test func `products are counted while the trace watches, with two operations for each term`() throws {
    multiply(a.view, b.view, into: c.view)
    let counts = ProductTrace.products {
      multiply(a.view, b.view, into: c.view)
      multiply(a.view, b.view, into: c.view)
      multiply(a.columns(0..<1003), b.rows(0..<1003), into: c.view, adding: true)
    }
    multiply(a.view, b.view, into: c.view)
    let whole = try #require(counts.first { $0.key.inner == 1009 })
    let part = try #require(counts.first { $0.key.inner == 1003 })
    #expect(whole.value == 2)
    #expect(whole.key.operations == 2 * 3 * 7 * 1009)
    #expect(whole.key.strideOfA == 1009)
    #expect(!whole.key.adding)
    #expect(part.value == 1)
    #expect(part.key.adding)
    #expect(part.key.strideOfA == 1009)
  }
}
