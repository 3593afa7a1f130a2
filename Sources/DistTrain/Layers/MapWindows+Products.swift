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
    ThreadTeam.shared.run(panels.count) { index in
      let panel = panels[index]
      let target = memory(panel)
      write(panel, with: weights, adding: adding, precision: precision, to: target)
      finish(panel, target)
    }
  }

  private func write(
    _ panel: Panel, with weights: LeftFactor, adding: Bool, precision: Precision, to target: MatrixView
  ) {
    let surroundings = precision == .single ? surroundings(panel) : nil
    for channels in slices {
      let own = weights.columns(rows(of: channels))
      let adding = adding || channels.lowerBound > 0
      if precision == .single, let factor = factor(panel, channels: channels, surroundings) {
        multiply(own, factor, into: target, adding: adding)
      } else {
        let window = gathered(panel, channels: channels, in: Self.memory())
        multiply(own, window, into: target, adding: adding, precision: precision)
      }
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
