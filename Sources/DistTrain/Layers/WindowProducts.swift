internal import CKernels

/// The gradient of a convolution's weights: the products of an output's gradient with the windows that the kernel read,
/// G·Xᵀ, summed over each unit of the batch and over the units in the order of a tree.
struct WindowProducts: Sendable {
  /// The gradient of the output, outputs × (objectives · columns).
  let gradient: MatrixView
  let windows: MapWindows
  /// The number of columns of one objective.
  let columns: Int
  let objectives: Int
  /// The utterances of each unit.
  let units: [Range<Int>]
  let precision: Precision

  /// A slice of the channels over a subtree of the units: what a thread sums at a time.
  private struct Piece: Sendable {
    let channels: Range<Int>
    let units: Range<Int>
  }

  /// The sums of the pieces, by which the tree's other nodes are added.
  struct Sums: Sendable {
    fileprivate let outputs: Int
    fileprivate let nodes: [Range<Int>]
    /// The subtrees that make up each node.
    fileprivate let subtrees: [[Range<Int>]]
    fileprivate let slices: [Range<Int>]
    /// For each slice of the windows' rows and subtree of all nodes, objectives · outputs rows of the slice's width.
    fileprivate let sums: [[Matrix]]

    /// Adds an objective's gradient.
    /// - Parameter totals: outputs × all rows of the windows, for each node.
    func add(objective: Int, to totals: [MatrixView]) {
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

  /// Sums over the units of each node.
  func sums(of nodes: [Range<Int>]) -> Sums {
    let slices = windows.slices
    // More pieces than threads even out what else the cores do. Where a node is cut does not change its sum.
    let threads = ThreadTeam.shared.available
    var depth = 0
    while threads > 1 && slices.count * nodes.count << depth < 4 * threads && depth < 10 { depth += 1 }
    let subtrees = nodes.map { Self.subtrees(of: $0, depth: depth) }
    let units = Array(subtrees.joined())
    let pieces = slices.flatMap { channels in units.map { Piece(channels: channels, units: $0) } }
    let sums = pieces.map { memory(for: $0) }
    ThreadTeam.shared.run(pieces.count) { index in
      let room = MapWindows.memory()
      write(pieces[index], pieces[index].units, to: sums[index], room)
    }
    return Sums(
      outputs: gradient.rows, nodes: nodes, subtrees: subtrees, slices: slices.map { windows.rows(of: $0) },
      sums: slices.indices.map { Array(sums[$0 * units.count..<($0 + 1) * units.count]) })
  }

  /// The subtrees of a node at a depth below it, or single units above that.
  private static func subtrees(of node: Range<Int>, depth: Int) -> [Range<Int>] {
    if depth == 0 || node.count == 1 { return [node] }
    let (left, right) = SumTree.halves(of: node)
    return subtrees(of: left, depth: depth - 1) + subtrees(of: right, depth: depth - 1)
  }

  private func memory(for piece: Piece) -> Matrix {
    Matrix(rows: objectives * gradient.rows, columns: windows.rows(of: piece.channels).count)
  }

  /// Writes the sum of a node of a piece's subtree.
  private func write(_ piece: Piece, _ node: Range<Int>, to target: Matrix, _ room: Matrix) {
    guard node.count > 1 else { return writeUnit(piece, node.lowerBound, to: target, room) }
    let (left, right) = SumTree.halves(of: node)
    write(piece, left, to: target, room)
    let other = memory(for: piece)
    write(piece, right, to: other, room)
    ck_add(target.pointer, other.pointer, target.pointer, target.count)
  }

  private func writeUnit(_ piece: Piece, _ unit: Int, to target: Matrix, _ room: Matrix) {
    let outputs = gradient.rows
    for (index, panel) in windows.panels(of: units[unit]).enumerated() {
      let rows = windows.gathered(panel, channels: piece.channels, in: room)
      for objective in 0..<objectives {
        let start = objective * columns + panel.columns.lowerBound
        multiply(
          gradient.columns(start..<start + panel.columns.count), transposed: rows,
          into: target.rows(objective * outputs..<(objective + 1) * outputs), adding: index > 0, precision: precision)
      }
    }
  }
}
