import DistTrain
import Testing

@Suite struct GradientClippingTests {
  @Test func `a longer gradient gets the limit's length and keeps its direction, nothing beside it changes`() {
    let gradient = Matrix(rows: 1, columns: 5, [9, 3, 0, 4, 9])
    #expect(GradientClipping.clip(gradient, 1..<4, to: 2.5) == 5)
    #expect(gradient.values == [9, 1.5, 0, 2, 9])
  }

  @Test(arguments: [5, 100, nil] as [Double?])
  func `a gradient within the limit, or without one, stays`(limit: Double?) {
    let gradient = Matrix(rows: 1, columns: 2, [3, 4])
    #expect(GradientClipping.clip(gradient, 0..<2, to: limit) == 5)
    #expect(gradient.values == [3, 4])
  }
}
