internal import CKernels

/// The sums over the units of a batch of a weight's gradient, added in the order of a tree. The weight's columns are
/// cut into slices, so that there is work for all threads where there are few units; neither that cut nor where a node
/// is cut changes a sum.
package struct WeightSums: Sendable {
  /// Writes what a unit adds to a slice, objectives · outputs rows of the slice's columns.
  typealias UnitTerm = @Sendable (_ slice: Int, _ unit: Int, _ target: Matrix) -> Void

  private let outputs: Int
  private let nodes: [Range<Int>]
  /// The subtrees that make up each node.
  private let subtrees: [[Range<Int>]]
  private let slices: [Range<Int>]
  /// The sums of each slice and subtree of all nodes: objectives · outputs rows of the slice's columns.
  private let sums: [[Matrix]]

  /// Computes the sums on all threads.
  /// - Parameters:
  ///   - outputs: the rows of the weight.
  ///   - slices: ranges of its columns that, in order, make up all of them.
  ///   - nodes: the nodes of the tree, as ranges of units.
  init(outputs: Int, objectives: Int, slices: [Range<Int>], nodes: [Range<Int>], term: UnitTerm) {
    // More pieces than threads even out what else the cores do.
    let threads = ThreadTeam.shared.available
    var depth = 0
    while threads > 1 && slices.count * nodes.count << depth < 4 * threads && depth < 10 { depth += 1 }
    let subtrees = nodes.map { Self.subtrees(of: $0, depth: depth) }
    let units = Array(subtrees.joined())
    let sums = slices.map { slice in
      units.map { _ in Matrix(rows: objectives * outputs, columns: slice.count) }
    }
    ThreadTeam.shared.run(slices.count * units.count) { index in
      let (slice, subtree) = index.quotientAndRemainder(dividingBy: units.count)
      Self.write(slice, units[subtree], to: sums[slice][subtree], term)
    }
    self.outputs = outputs
    self.nodes = nodes
    self.subtrees = subtrees
    self.slices = slices
    self.sums = sums
  }

  /// Computes the sums of a weight on all threads, some channels of its input at a time: all of them, or fewer where
  /// there are too few units for all threads. What a term makes of the output's gradient, it makes for each slice
  /// again.
  /// - Parameters:
  ///   - channels: the number of channels of the convolution's input.
  ///   - taps: the columns of the weight that belong to a channel.
  ///   - units: the number of units that the nodes hold.
  ///   - term: writes what a unit adds for some channels.
  init(
    outputs: Int, objectives: Int, channels: Int, taps: Int, units: Int, nodes: [Range<Int>],
    term: @Sendable (_ unit: Int, _ channels: Range<Int>, _ target: Matrix) -> Void
  ) {
    let threads = ThreadTeam.shared.available
    var width = channels
    while threads > 1 && units * (channels / width) < 4 * threads && width >= 64 { width = (width + 1) / 2 }
    let slices = stride(from: 0, to: channels, by: width).map { $0..<min($0 + width, channels) }
    self.init(
      outputs: outputs, objectives: objectives, slices: slices.map { taps * $0.lowerBound..<taps * $0.upperBound },
      nodes: nodes
    ) { slice, unit, target in
      term(unit, slices[slice], target)
    }
  }

  /// The subtrees of a node at a depth below it, or single units above that.
  private static func subtrees(of node: Range<Int>, depth: Int) -> [Range<Int>] {
    if depth == 0 || node.count == 1 { return [node] }
    let (left, right) = SumTree.halves(of: node)
    return subtrees(of: left, depth: depth - 1) + subtrees(of: right, depth: depth - 1)
  }

  /// Writes a slice's sum over a node.
  private static func write(_ slice: Int, _ node: Range<Int>, to target: Matrix, _ term: UnitTerm) {
    guard node.count > 1 else { return term(slice, node.lowerBound, target) }
    let (left, right) = SumTree.halves(of: node)
    write(slice, left, to: target, term)
    let other = Matrix(rows: target.rows, columns: target.columns)
    write(slice, right, to: other, term)
    ck_add(target.pointer, other.pointer, target.pointer, target.count)
  }

  /// Adds all objectives' gradients of the weight.
  func add(to weight: Parameter, _ pass: BackwardPass) {
    for objective in 0..<pass.objectives {
      pass.add(to: weight, objective: objective) { add(objective: objective, to: $0) }
    }
  }

  /// Adds an objective's gradient.
  /// - Parameter totals: outputs × all columns of the weight, for each node.
  package func add(objective: Int, to totals: [MatrixView]) {
    inParallel(outputs) { output in
      let row = objective * outputs + output
      for (slice, parts) in zip(slices, sums) {
        var first = 0
        for (index, total) in totals.prefix(nodes.count).enumerated() {
          let node = nodes[index]
          let own = subtrees[index].map { $0.lowerBound - node.lowerBound..<$0.upperBound - node.lowerBound }
          let sum = SumTree(terms: node.count).total(of: own) { subtree in
            parts[first + subtree].row(row)
          } adding: { left, right in
            ck_add(left, right, left, slice.count)
            return left
          }
          let target = total.row(output) + slice.lowerBound
          ck_add(target, sum, target, slice.count)
          first += own.count
        }
      }
    }
  }
}
