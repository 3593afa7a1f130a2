import DistTrain
import Testing

/// Other tests multiply at the same time: only shapes that none of them has are looked at.
@Suite(.serialized) struct ProductTraceTests {
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

  @Test func `the x-vector's layers of three frames take six products with tiles in single precision`() {
    var sizes = XVector.Sizes()
    (sizes.bins, sizes.channels, sizes.statistics, sizes.embedding) = (6, 1013, 7, 5)
    let encoder = XVector(sizes)
    let parameters = Matrix.zeros(rows: 1, columns: encoder.layout.parameters.count)
    let statistics = Matrix.zeros(rows: 1, columns: encoder.layout.statistics.count)
    let features = Matrix.zeros(rows: 6, columns: 38)
    let pass = ForwardPass(mode: .inference, parameters: parameters, statistics: statistics)
    let counts = ProductTrace.products { _ = encoder.encode(features, utterances: 1, pass) }
    let own = counts.filter { $0.key.rows == 1013 && $0.key.inner == 1013 }
    // 38 frames are 30 places of the second layer, which are 8 tiles, and 24 of the third, which are 6, and of the
    // fourth.
    let byColumns = own.reduce(into: [Int: Int]()) { $0[$1.key.columns, default: 0] += $1.value }
    #expect(byColumns == [8: 6, 6: 6, 24: 1])
  }
}
