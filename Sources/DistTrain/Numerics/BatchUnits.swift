/// The way in which the columns of a batch are cut for sums over it: into units of whole utterances, each summed by
/// itself, whose sums are added in the order of a tree. The global batch alone decides both, so that a sum has the same
/// bits wherever its units are computed.
package struct BatchUnits: Sendable {
  /// The number of utterances of each unit; nil stands for one unit of all utterances.
  private let sizes: [Int]?
  /// The nodes of the batch's tree that these units make up, as ranges of units.
  package let nodes: [Range<Int>]

  /// One unit of all utterances.
  package static let whole = BatchUnits(sizes: nil, nodes: [0..<1])

  /// - Parameters:
  ///   - sizes: the number of utterances of each unit.
  ///   - nodes: ranges of units that, in order, make up all of them.
  package init(sizes: [Int], nodes: [Range<Int>]) {
    precondition(nodes.reduce(0) { $0 + $1.count } == sizes.count, "the nodes make up all units")
    self.init(sizes: Optional(sizes), nodes: nodes)
  }

  private init(sizes: [Int]?, nodes: [Range<Int>]) {
    self.sizes = sizes
    self.nodes = nodes
  }

  /// The number of units.
  package var count: Int { sizes?.count ?? 1 }

  /// The columns of each unit, where every utterance has the same whole number of them.
  /// - Parameter columns: the number of columns of all utterances.
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

  /// The sum of each node, `width` numbers each, computed from the sums of the units.
  /// - Parameter values: `width` numbers of each unit, unit after unit.
  package func nodeSums(_ values: [Double], width: Int) -> [Double] {
    precondition(values.count == count * width, "\(width) numbers of each of \(count) units, not \(values.count)")
    return nodes.flatMap { node in
      SumTree.sum(of: node) { unit -> [Double] in
        Array(values[unit * width..<(unit + 1) * width])
      } adding: {
        zip($0, $1).map(+)
      }
    }
  }

  /// The sum over these units alone, `width` numbers, adding node after node.
  /// - Parameter values: `width` numbers of each unit, unit after unit.
  package func total(_ values: [Double], width: Int) -> [Double] {
    let sums = nodeSums(values, width: width)
    return (0..<width).map { place in
      stride(from: place, to: sums.count, by: width).reduce(0) { $0 + sums[$1] }
    }
  }
}
