/// The gradient of a convolution's weights: the products of an output's gradient with the windows that the kernel read,
/// G·Xᵀ, for each unit of the batch.
struct WindowProducts: Sendable {
  /// The gradient of the output at the places, with the utterances of each unit.
  let gradient: OutputGradient
  let windows: MapWindows
  let precision: Precision

  /// Sums over the units of each node.
  func sums(of nodes: [Range<Int>]) -> WeightSums {
    let slices = windows.slices
    return gradient.sums(slices: slices.map { windows.rows(of: $0) }, nodes: nodes) { slice, utterances, target in
      let room = MapWindows.memory()
      for (index, panel) in windows.panels(of: utterances).enumerated() {
        let rows = windows.gathered(panel, channels: slices[slice], in: room)
        gradient.writeProducts(of: panel.columns, with: rows, to: target, adding: index > 0, precision: precision)
      }
    }
  }
}
