import DistTrain
import Testing

@Suite struct BatchUnitsTests {
  @Test func `units share out columns by their utterances`() {
    let units = BatchUnits(sizes: [2, 2, 1], nodes: [0..<2, 2..<3])
    #expect(units.ranges(of: 5) == [0..<2, 2..<4, 4..<5])
    #expect(units.ranges(of: 35) == [0..<14, 14..<28, 28..<35])
    #expect(BatchUnits.whole.ranges(of: 35) == [0..<35])
  }

  @Test func `sums of nodes are in the order of the tree`() {
    let units = BatchUnits(sizes: [1, 1, 1], nodes: [0..<3])
    let big = 1e16
    // (1 + 1) + big keeps the 2; 1 + (1 + big) would not.
    #expect(units.nodeSums([1, 0, 1, 0, big, 7], width: 2) == [big + 2, 7])
    let apart = BatchUnits(sizes: [1, 1, 1], nodes: [0..<2, 2..<3])
    #expect(apart.nodeSums([1, 0, 1, 0, big, 7], width: 2) == [2, 0, big, 7])
    #expect(apart.total([1, 0, 1, 0, big, 7], width: 2) == [big + 2, 7])
  }
}
