/// The products of a convolution that are made with what its kernel reads.
extension MapWindows {
  /// Writes weights · windows, panel by panel on all threads.
  /// - Parameters:
  ///   - weights: outputs × (channels · taps).
  ///   - adding: whether the products are added to the values in their memory.
  ///   - memory: the memory for a panel's product, outputs × the panel's columns.
  ///   - finish: is called with each product.
  func writeProducts(
    with weights: LeftFactor, adding: Bool = false, precision: Precision,
    into memory: @Sendable (Panel) -> MatrixView,
    finishing finish: @Sendable (Panel, MatrixView) -> Void = { _, _ in }
  ) {
    let panels = panels(of: 0..<places.utterances)
    let slices = slices
    ThreadTeam.shared.run(panels.count) { index in
      let panel = panels[index]
      let target = memory(panel)
      let room = Self.memory()
      for channels in slices {
        let window = gathered(panel, channels: channels, in: room)
        multiply(
          weights.columns(rows(of: channels)), window, into: target, adding: adding || channels.lowerBound > 0,
          precision: precision)
      }
      finish(panel, target)
    }
  }

  /// Adds all objectives' gradients of the weights.
  /// - Parameter gradient: the gradient of the output at the places, outputs × (objectives · columns).
  func addGradients(of weight: Parameter, _ gradient: MatrixView, _ pass: BackwardPass) {
    let gradient = OutputGradient(
      gradient, columns: places.columns, objectives: pass.objectives, units: pass.units.ranges(of: places.utterances))
    let products = WindowProducts(gradient: gradient, windows: self, precision: pass.precision)
    products.sums(of: pass.units.nodes).add(to: weight, pass)
  }
}
