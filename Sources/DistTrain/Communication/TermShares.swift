/// The terms of a sum that each rank has: stretches that follow one another in the order of ranks.
public struct TermShares: Sendable {
  package let tree: SumTree
  /// The nodes of the tree that the terms of each rank make up.
  package let nodes: [[Range<Int>]]
  /// The nodes of all ranks, in order.
  let allNodes: [Range<Int>]

  /// - Parameter terms: the terms of each rank, in order and without gaps.
  package init(_ terms: [Range<Int>]) {
    let tree = SumTree(terms: terms.reduce(0) { $0 + $1.count })
    self.tree = tree
    nodes = terms.map(tree.nodes)
    allNodes = Array(nodes.joined())
  }

  /// The shares of a sum that has one term for each rank.
  package static func ranks(_ size: Int) -> TermShares { TermShares((0..<size).map { $0..<$0 + 1 }) }

  /// The sum, computed from the values of all ranks' nodes in their order.
  func total<Value>(_ values: [Value], adding add: (Value, Value) -> Value) -> Value {
    tree.total(of: allNodes, sum: { values[$0] }, adding: add)
  }

  /// The sum of vectors of `width` numbers, which lie one after the other for all ranks' nodes in their order.
  func total<Element: FloatingPoint>(of vectors: [Element], width: Int) -> ArraySlice<Element> {
    let parts = allNodes.indices.map { vectors[$0 * width..<($0 + 1) * width] }
    return total(parts) { ArraySlice(zip($0, $1).map(+)) }
  }
}
