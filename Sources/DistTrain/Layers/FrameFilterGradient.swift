internal import CKernels

/// The gradient of the weights of a convolution that `FrameFilterProducts` computes: the way back through its
/// transforms, Gᵀ·[Σ (A·dy) ∘ (Bᵀ·d)], where the sums over a panel's tiles are six products of matrices.
package struct FrameFilterGradient: Sendable {
  private let gradient: OutputGradient
  /// The convolution's input, channels × (lines · frames).
  private let input: AffineView
  private let tiles: FrameTiles

  /// - Parameters:
  ///   - gradient: the gradient of the output, outputs × (objectives · lines · output frames).
  ///   - units: the lines of each unit.
  package init(
    gradient: MatrixView, input: AffineView, lines: Int, dilation: Int, objectives: Int, units: [Range<Int>]
  ) {
    tiles = FrameTiles(lines: lines, frames: input.columns / lines, zeros: 0, dilation: dilation)
    self.gradient = OutputGradient(
      gradient, columns: lines * tiles.outputFrames, objectives: objectives, units: units)
    self.input = input
  }

  /// Sums over the units of each node.
  package func sums(of nodes: [Range<Int>]) -> WeightSums {
    gradient.sums(channels: input.rows, taps: 3, nodes: nodes, write(_:of:to:))
  }

  private func write(_ channels: Range<Int>, of lines: Range<Int>, to target: Matrix) {
    // The panels decide the order of a sum, so they depend on the convolution's shape alone.
    let most = FrameTilePanel.mostTiles(channels: input.rows, outputs: gradient.outputs)
    for (index, panel) in tiles.panels(of: lines, most: most).enumerated() {
      let inputs = panel.transformed(input, channels: channels)
      for objective in 0..<gradient.objectives {
        add(
          panel.transformed(gradient: gradient[objective]), inputs, to: target.rows(gradient.rows(of: objective)),
          replacing: index == 0)
      }
    }
  }

  /// Adds the gradient of a panel's tiles, a block of outputs at a time, whose sums stay in the cache.
  /// - Parameters:
  ///   - slopes: the transformed gradient of the output, outputs × tiles.
  ///   - inputs: the transformed input, channels × tiles.
  ///   - target: outputs × (channels · 3).
  ///   - replacing: whether the gradient is written over the values in its memory.
  private func add(_ slopes: WinogradMatrices, _ inputs: WinogradMatrices, to target: MatrixView, replacing: Bool) {
    let most = WinogradMatrices.capacity(FrameTiles.numbers) / inputs.rows
    let blocks = (slopes.rows + most - 1) / most
    for block in 0..<blocks {
      let rows = block * slopes.rows / blocks..<(block + 1) * slopes.rows / blocks
      let sums = WinogradMatrices(FrameTiles.numbers, rows: rows.count, tiles: inputs.rows)
      for number in 0..<FrameTiles.numbers {
        multiply(slopes[number].rows(rows), transposed: inputs[number], into: sums[number])
      }
      for (row, output) in rows.enumerated() {
        ck_frame_filter_weight_gradient(
          sums.row(row), sums.step, inputs.rows, replacing ? 0 : 1, target.row(output))
      }
    }
  }
}
