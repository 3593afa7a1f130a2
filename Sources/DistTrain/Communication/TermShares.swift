/// Which terms of a sum each rank has: a stretch of them, in the order of ranks.
package struct TermShares: Sendable {
  package let tree: SumTree
  /// For each rank the nodes of the tree that its terms make up.
  package let nodes: [[Range<Int>]]
  /// Those of all ranks.
  let allNodes: [Range<Int>]

  /// - Parameter terms: of each rank, in order and without gaps.
  package init(_ terms: [Range<Int>]) {
    let tree = SumTree(terms: terms.reduce(0) { $0 + $1.count })
    self.tree = tree
    nodes = terms.map(tree.nodes)
    allNodes = Array(nodes.joined())
  }

  /// One term of each rank.
  package static func ranks(_ size: Int) -> TermShares { TermShares((0..<size).map { $0..<$0 + 1 }) }

  /// The sum from the nodes' values, all ranks' in their order.
  func total<Value>(_ values: [Value], adding add: (Value, Value) -> Value) -> Value {
    tree.total(of: allNodes, sum: { values[$0] }, adding: add)
  }

  /// The sums of vectors that lie one after the other, all ranks' nodes in their order.
  func total<Element: FloatingPoint>(of vectors: [Element], width: Int) -> ArraySlice<Element> {
    let parts = allNodes.indices.map { vectors[$0 * width..<($0 + 1) * width] }
    return total(parts) { ArraySlice(zip($0, $1).map(+)) }
  }
}
