import DistTrain
import Testing

@Suite struct BatchCutTests {
  @Test(arguments: [1, 2, 3, 4, 5, 7, 8, 16]) func `each rank gets whole units, as evenly as they allow`(ranks: Int) {
    for (rows, unit) in [(64, 4), (64, 1), (63, 3), (65, 4), (32, 2), (17, 1)] {
      let cut = BatchCut(rows: rows, unit: unit, ranks: ranks)
      let own = (0..<ranks).map(cut.rows)
      #expect(own.flatMap { Array($0) } == Array(0..<rows))
      #expect(cut.counts == own.map(\.count))
      #expect(own.allSatisfy { $0.lowerBound % unit == 0 })
      let units = own.map { ($0.count + unit - 1) / unit }
      #expect(units.max()! - units.min()! <= 1)
      for rank in 0..<ranks where own[rank].count > 0 {
        let units = cut.units(of: rank)
        #expect(units.ranges(of: own[rank].count).map(\.count).reduce(0, +) == own[rank].count)
        #expect(units.ranges(of: own[rank].count).dropLast().allSatisfy { $0.count == unit })
        #expect(units.nodes.map(\.count) == cut.shares.nodes[rank].map(\.count))
      }
    }
  }
}
