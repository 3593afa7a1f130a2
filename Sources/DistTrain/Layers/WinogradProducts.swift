internal import CKernels

/// A convolution of 3 × 3 that reads every place of a map, by Winograd's minimal filtering F(4 × 4, 3 × 3):
/// Y = Aᵀ·[Σ_c (G·w·Gᵀ) ∘ (Bᵀ·d·B)]·A for each tile (Lavin and Gray 2016, equation 8). The sums over channels are
/// thirty-six products of matrices, which take 2.25 multiplications for each output and channel in place of nine.
///
/// Rounding errors are two to seven times those of products with windows: 8e-7 of the outputs' size for 64 channels and
/// 1.6e-6 for 256, in the mean square. An output's bits do not depend on the panel that its tile is in.
package struct WinogradProducts: Sendable {
  /// The transformed kernels of each number of a tile, outputs × channels. They are laid out, because they meet the
  /// tiles of many panels.
  private let weights: [LeftFactor]

  /// The products of a convolution.
  /// - Parameter weights: outputs × (inputs · 9).
  package init(_ weights: MatrixView) {
    let inputs = weights.columns / 9
    let result = WinogradMatrices(rows: weights.rows, columns: inputs)
    inParallel(weights.rows) { output in
      ck_winograd_weights(weights.row(output), 9, inputs, 0, result.row(output), result.step)
    }
    self.weights = result.factors { LeftFactor(packing: $0) }
  }

  /// The products of the gradient of a convolution's input, which is a convolution of the output's gradient with the
  /// kernels turned round.
  /// - Parameter weights: outputs × (inputs · 9), as of the convolution.
  package init(turning weights: MatrixView) {
    let inputs = weights.columns / 9
    let result = WinogradMatrices(rows: inputs, columns: weights.rows)
    inParallel(inputs) { input in
      ck_winograd_weights(
        weights.pointer + 9 * input, weights.stride, weights.rows, 1, result.row(input), result.step)
    }
    self.weights = result.factors { LeftFactor(packing: $0) }
  }

  /// Whether the filtering takes less time than products with windows: by measurement, from 16 channels on either side
  /// on, and where few tiles reach beyond the map's ends. There are no panels for very many channels.
  package static func pay(channels: Int, outputs: Int, _ grid: Grid) -> Bool {
    min(channels, outputs) >= 16 && WinogradPanel.mostTiles(channels: channels, outputs: outputs) > 0
      && WinogradTiles(grid: grid).pay
  }

  /// Writes the convolution of a map, on all threads.
  /// - Parameters:
  ///   - source: channels × the grid's columns.
  ///   - target: outputs × the grid's columns.
  ///   - adding: whether the results are added to the values in their memory.
  ///   - sum: a view of the target, alone or in a sum: what is written in place of its values.
  package func write(
    _ source: AffineView, _ grid: Grid, to target: MatrixView, adding: Bool = false, finishing sum: AffineView? = nil
  ) {
    precondition(
      source.rows == weights[0].columns && target.rows == weights[0].rows, "a convolution's channels must fit")
    let panels = WinogradTiles(grid: grid).panels(of: 0..<grid.utterances, size: panelSize)
    ThreadTeam.shared.run(panels.count) { index in
      let inputs = panels[index].laidOut(source)
      let products = WinogradMatrices(rows: weights[0].rows, tiles: inputs.columns)
      for number in 0..<WinogradMatrices.count {
        multiplyAlone(weights[number], inputs.rightFactor(number), into: products[number])
      }
      panels[index].writeOutputs(products, to: target, adding: adding, finishing: sum)
    }
  }

  /// The tiles of a panel, by measurement: so few that the transformed numbers and their products stay in a
  /// second-level cache, and for few channels more, because a panel costs some work of its own.
  private var panelSize: Int { max(weights[0].columns, weights[0].rows) > 48 ? 32 : 64 }
}
