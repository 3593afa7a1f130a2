/// The gradient of a convolution's weights: the products of an output's gradient with the windows that the kernel read,
/// G·Xᵀ, for each unit of the batch.
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

  /// Sums over the units of each node.
  func sums(of nodes: [Range<Int>]) -> WeightSums {
    let slices = windows.slices
    return WeightSums(
      outputs: gradient.rows, objectives: objectives, slices: slices.map { windows.rows(of: $0) }, nodes: nodes
    ) { slice, unit, target in
      write(unit, channels: slices[slice], to: target)
    }
  }

  private func write(_ unit: Int, channels: Range<Int>, to target: Matrix) {
    let outputs = gradient.rows
    let room = MapWindows.memory()
    for (index, panel) in windows.panels(of: units[unit]).enumerated() {
      let rows = windows.gathered(panel, channels: channels, in: room)
      for objective in 0..<objectives {
        let start = objective * columns + panel.columns.lowerBound
        multiply(
          gradient.columns(start..<start + panel.columns.count), transposed: rows,
          into: target.rows(objective * outputs..<(objective + 1) * outputs), adding: index > 0, precision: precision)
      }
    }
  }
}
