/// How the columns of a batch are cut for sums over it: into units of whole utterances, each summed by itself, whose sums are
/// added in the order of a tree. Both are given by the global batch, so that a sum has the same bits wherever its units are
/// computed.
package struct BatchUnits: Sendable {
  /// Utterances of each unit; nil: all there are, in one unit.
  private let sizes: [Int]?
  /// The nodes of the batch's tree that these units make up, as ranges of units.
  package let nodes: [Range<Int>]

  /// One unit of all utterances.
  package static let whole = BatchUnits(sizes: nil, nodes: [0..<1])

  /// - Parameters:
  ///   - sizes: the utterances of each unit.
  ///   - nodes: ranges of units that make up all of them, in order.
  package init(sizes: [Int], nodes: [Range<Int>]) {
    precondition(nodes.reduce(0) { $0 + $1.count } == sizes.count, "the nodes make up all units")
    self.init(sizes: Optional(sizes), nodes: nodes)
  }

  private init(sizes: [Int]?, nodes: [Range<Int>]) {
    self.sizes = sizes
    self.nodes = nodes
  }

  package var count: Int { sizes?.count ?? 1 }

  /// Each unit's share of so many columns, a whole number of them for an utterance.
  package func ranges(of columns: Int) -> [Range<Int>] {
    guard let sizes else { return [0..<columns] }
    let utterances = sizes.reduce(0, +)
    let width = utterances == 0 ? 0 : columns / utterances
    precondition(width * utterances == columns, "\(columns) columns of \(utterances) utterances")
    var end = 0
    return sizes.map { size in
      defer { end += size * width }
      return end..<end + size * width
    }
  }

  /// The nodes' sums, `width` numbers each, from the units'.
  package func nodeSums(_ values: [Double], width: Int) -> [Double] {
    precondition(values.count == count * width, "\(width) numbers of each of \(count) units, not \(values.count)")
    return nodes.flatMap { node in
      SumTree.sum(of: node) {
        Array(values[$0 * width..<($0 + 1) * width])
      } adding: {
        zip($0, $1).map(+)
      }
    }
  }

  /// The sum of these units alone, node after node.
  package func total(_ values: [Double], width: Int) -> [Double] {
    let sums = nodeSums(values, width: width)
    return (0..<width).map { place in
      stride(from: place, to: sums.count, by: width).reduce(0) { $0 + sums[$1] }
    }
  }
}
