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

  @Test(arguments: [1, 2, 3, 4]) func `micro-batches have the same units on any number of ranks`(count: Int) {
    for (rows, unit) in [(64, 4), (63, 3), (65, 4), (32, 2), (17, 1)] {
      // Every count-th unit of the batch.
      let expected = (0..<count).map { index in
        stride(from: index, to: (rows + unit - 1) / unit, by: count).map { $0 * unit..<min(($0 + 1) * unit, rows) }
      }
      for ranks in 1...(rows / unit / count) {
        let cut = BatchCut(rows: rows, unit: unit, ranks: ranks)
        let found = (0..<ranks).map { cut.microBatches(count, of: $0) }
        for index in 0..<count {
          let own = (0..<ranks).map { rank in
            found[rank][index].rows.map {
              $0.lowerBound + cut.rows(of: rank).lowerBound..<$0.upperBound + cut.rows(of: rank).lowerBound
            }
          }
          #expect(own.flatMap { $0 } == expected[index])
          #expect(own.allSatisfy { !$0.isEmpty })
          for (rank, parts) in found.enumerated() {
            let part = parts[index]
            #expect(part.units.ranges(of: part.utterances).map(\.count) == part.rows.map(\.count))
            #expect(part.units.nodes.map(\.count) == part.shares.nodes[rank].map(\.count))
            #expect(part.shares.tree == SumTree(terms: expected[index].count))
          }
        }
      }
    }
  }

  @Test func `there are no more micro-batches than units of any rank`() {
    for (rows, ranks, expected) in [(24, 1, 4), (24, 2, 3), (20, 2, 2), (4, 1, 1), (4, 2, 1)] {
      let cut = BatchCut(rows: rows, unit: 4, ranks: ranks)
      #expect((0..<ranks).allSatisfy { cut.microBatches(4, of: $0).count == expected })
    }
  }

  @Test func `a micro-batch takes its rows and columns, and puts them back`() {
    let all = Matrix(rows: 6, columns: 2, (0..<12).map { Float($0) })
    let wide = all.transposed
    for (index, rows) in [[0, 1, 4, 5], [2, 3]].enumerated() {
      let part = BatchCut(rows: 6, unit: 2, ranks: 1).microBatches(2, of: 0)[index]
      #expect(part.rows(of: all).values == rows.flatMap { [Float(2 * $0), Float(2 * $0 + 1)] })
      #expect(part.columns(of: wide, rows: 6).transposed.values == part.rows(of: all).values)
      #expect(part.columns(of: Matrix(rows: 1, columns: 12, all.values), rows: 6).values == part.rows(of: all).values)
      let back = Matrix.zeros(rows: 6, columns: 2)
      part.put(part.rows(of: all), into: back)
      #expect((0..<6).allSatisfy { back[$0, 1] == (rows.contains($0) ? all[$0, 1] : 0) })
    }
  }
}
