/// The order in which the terms of a sum are added, whoever holds them: a binary tree that depends only on the number
/// of terms. A node of n > 1 terms is the sum of its first 2ᵏ terms plus the sum of the others, where 2ᵏ is the largest
/// power of two below n.
///
/// The rounding then does not depend on how the terms are shared out. A stretch of terms is a few whole nodes, whose
/// sums its holder computes alone, and the rest of the tree follows from the nodes of all holders.
package struct SumTree: Sendable, Equatable {
  /// The number of terms.
  package let terms: Int

  /// The tree of a sum of at least one term.
  package init(terms: Int) {
    precondition(terms > 0, "a sum of no terms")
    self.terms = terms
  }

  /// The fewest nodes that make up a stretch of terms, in order.
  package func nodes(of stretch: Range<Int>) -> [Range<Int>] {
    precondition(stretch.lowerBound >= 0 && stretch.upperBound <= terms, "terms \(stretch) of \(terms)")
    return Self.nodes(of: stretch, within: 0..<terms)
  }

  private static func nodes(of stretch: Range<Int>, within node: Range<Int>) -> [Range<Int>] {
    if !stretch.overlaps(node) { return [] }
    if stretch.lowerBound <= node.lowerBound && node.upperBound <= stretch.upperBound { return [node] }
    let (left, right) = halves(of: node)
    return nodes(of: stretch, within: left) + nodes(of: stretch, within: right)
  }

  /// The two nodes whose sums make up the sum of a node of several terms.
  package static func halves(of node: Range<Int>) -> (left: Range<Int>, right: Range<Int>) {
    precondition(node.count > 1, "a single term has no halves")
    let middle = node.lowerBound + 1 << (Int.bitWidth - 1 - (node.count - 1).leadingZeroBitCount)
    return (node.lowerBound..<middle, middle..<node.upperBound)
  }

  /// The sum of a node, computed from its terms.
  /// - Parameter add: gives the sum of two values; it may reuse the memory of the first.
  package static func sum<Value>(
    of node: Range<Int>, term: (Int) -> Value, adding add: (Value, Value) -> Value
  ) -> Value {
    if node.count == 1 { return term(node.lowerBound) }
    let (left, right) = halves(of: node)
    let first = sum(of: left, term: term, adding: add)
    return add(first, sum(of: right, term: term, adding: add))
  }

  /// The whole sum, computed from the sums of nodes that, in order, make up all terms.
  /// - Parameters:
  ///   - nodes: the nodes, as `nodes(of:)` gives them for stretches that follow one another.
  ///   - sum: gives the sum of the node at an index of `nodes`.
  ///   - add: gives the sum of two values; it may reuse the memory of the first.
  package func total<Value>(
    of nodes: [Range<Int>], sum: (_ node: Int) -> Value, adding add: (Value, Value) -> Value
  ) -> Value {
    var next = 0
    func total(_ node: Range<Int>) -> Value {
      if nodes[next] == node {
        next += 1
        return sum(next - 1)
      }
      let (left, right) = Self.halves(of: node)
      let first = total(left)
      return add(first, total(right))
    }
    return total(0..<terms)
  }
}
