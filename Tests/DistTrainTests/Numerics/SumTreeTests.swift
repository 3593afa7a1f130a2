import DistTrain
import Foundation
import Testing

@Suite struct SumTreeTests {
  static let counts = Array(1...20) + [31, 32, 33, 100]

  /// The terms that a node is made of, in brackets.
  private func brackets(_ node: Range<Int>) -> String {
    SumTree.sum(of: node) {
      "\($0)"
    } adding: {
      "(\($0)+\($1))"
    }
  }

  @Test func `a node's first half has the largest power of two of its terms below their number`() {
    #expect(brackets(0..<1) == "0")
    #expect(brackets(0..<3) == "((0+1)+2)")
    #expect(brackets(0..<5) == "(((0+1)+(2+3))+4)")
    #expect(brackets(0..<6) == "(((0+1)+(2+3))+(4+5))")
    #expect(brackets(0..<7) == "(((0+1)+(2+3))+((4+5)+6))")
    #expect(brackets(4..<8) == "((4+5)+(6+7))")
  }

  @Test(arguments: counts) func `every cut into stretches gives the tree of all terms`(terms: Int) {
    let tree = SumTree(terms: terms)
    var stream = RandomStream(seed: 3, purpose: .test, item: terms)
    for parts in 1...min(terms, 9) {
      let cuts = [0] + (0..<terms - 1).map { $0 + 1 }.filter { _ in stream.below(terms) < parts } + [terms]
      let nodes = zip(cuts, cuts.dropFirst()).map { tree.nodes(of: $0..<$1) }
      for (stretch, own) in zip(zip(cuts, cuts.dropFirst()), nodes) {
        #expect(own.flatMap { Array($0) } == Array(stretch.0..<stretch.1))
        // Not more than twice the levels of the tree.
        #expect(own.count <= 2 * (Int.bitWidth - terms.leadingZeroBitCount))
      }
      let all = Array(nodes.joined())
      let total = tree.total(of: all) {
        brackets(all[$0])
      } adding: {
        "(\($0)+\($1))"
      }
      #expect(total == brackets(0..<terms))
    }
  }

  @Test func `halves, quarters and eighths of a power of two are single nodes`() {
    let tree = SumTree(terms: 16)
    for ranks in [1, 2, 4, 8, 16] {
      for rank in 0..<ranks {
        let stretch = rank * 16 / ranks..<(rank + 1) * 16 / ranks
        #expect(tree.nodes(of: stretch) == [stretch])
      }
    }
    #expect(tree.nodes(of: 6..<11) == [6..<8, 8..<10, 10..<11])
    #expect(tree.nodes(of: 3..<3) == [])
  }
}
