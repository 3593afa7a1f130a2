internal import CKernels

/// A convolution of three frames over lines, without padding, by Winograd's minimal filtering F(4, 3):
/// y = Aᵀ·[Σ_c (G·w) ∘ (Bᵀ·d)] for each tile (Lavin and Gray 2016, section 3). The sums over channels are six products
/// of matrices, which take six multiplications for each four outputs and channel in place of twelve.
///
/// The rounding error is one and a half to three times that of plain sums. An output's bits do not depend on the panel
/// that its tile is in.
package struct FrameFilterProducts: Sendable {
  /// The transformed kernels of each number of a tile, outputs × channels.
  private let weights: [LeftFactor]
  private let dilation: Int

  /// The products of a convolution.
  /// - Parameters:
  ///   - weights: outputs × (inputs · 3).
  ///   - dilation: the frames from one tap to the next.
  ///   - factor: makes a transformed matrix the factor of the products.
  package init(_ weights: MatrixView, dilation: Int, factor: (MatrixView) -> LeftFactor = { LeftFactor($0) }) {
    let inputs = weights.columns / 3
    let result = WinogradMatrices(FrameTiles.numbers, rows: weights.rows, columns: inputs)
    inParallel(weights.rows) { output in
      ck_frame_filter_weights(weights.row(output), 3, inputs, 0, result.row(output), result.step)
    }
    self.weights = result.factors(factor)
    self.dilation = dilation
  }

  /// The products of the gradient of a convolution's input, which is a convolution of the output's gradient, with
  /// 2 · dilation zeros around it, with the kernels turned round.
  /// - Parameters:
  ///   - weights: outputs × (inputs · 3), as of the convolution.
  ///   - dilation: the frames from one tap to the next.
  package init(turning weights: MatrixView, dilation: Int) {
    let inputs = weights.columns / 3
    let result = WinogradMatrices(FrameTiles.numbers, rows: inputs, columns: weights.rows)
    inParallel(inputs) { input in
      ck_frame_filter_weights(
        weights.pointer + 3 * input, weights.stride, weights.rows, 1, result.row(input), result.step)
    }
    self.weights = result.factors()
    self.dilation = dilation
  }

  /// Whether a panel has room for 32 tiles, with fewer of which products are slow, and for those of a group: up to 5458
  /// channels.
  package static func fit(channels: Int, outputs: Int, dilation: Int) -> Bool {
    FrameTilePanel.mostTiles(channels: channels, outputs: outputs) >= max(32, dilation)
  }

  /// Writes the convolution of some lines, on all threads.
  /// - Parameters:
  ///   - source: channels × (lines · frames).
  ///   - lines: the number of lines.
  ///   - zeros: the zeros that stand before and behind a line.
  ///   - target: outputs × (lines · (frames + 2 · zeros − 2 · dilation)).
  ///   - adding: whether the results are added to the values in their memory.
  package func write(_ source: AffineView, lines: Int, zeros: Int = 0, to target: MatrixView, adding: Bool = false) {
    precondition(
      source.rows == weights[0].columns && target.rows == weights[0].rows, "a convolution's channels must fit")
    let tiles = FrameTiles(lines: lines, frames: source.columns / lines, zeros: zeros, dilation: dilation)
    precondition(target.columns == lines * tiles.outputFrames, "a convolution's frames must fit")
    let panels = tiles.panels(
      of: 0..<lines, most: FrameTilePanel.mostTiles(channels: weights[0].columns, outputs: weights[0].rows),
      threads: ThreadTeam.shared.available)
    ThreadTeam.shared.run(panels.count) { index in
      let inputs = panels[index].transformed(source, channels: 0..<weights[0].columns)
      let products = WinogradMatrices(FrameTiles.numbers, rows: weights[0].rows, tiles: inputs.columns)
      for number in 0..<FrameTiles.numbers {
        multiply(weights[number], inputs[number], into: products[number])
      }
      panels[index].writeOutputs(products, to: target, adding: adding)
    }
  }
}
