internal import CKernels

/// The gradient of the weights of a convolution that `WinogradProducts` computes: the way back through its transforms,
/// Gᵀ·[Σ (A·dy·Aᵀ) ∘ (Bᵀ·d·B)]·G, where the sums over a unit's tiles are thirty-six products of matrices. This is the
/// filtering F(3 × 3, 4 × 4) of the input by the output's gradient (Lavin and Gray 2016, section 4.2).
package struct WinogradGradient: Sendable {
  private let gradient: OutputGradient
  /// The convolution's input, channels × the grid's columns.
  private let input: AffineView
  private let tiles: WinogradTiles

  /// - Parameters:
  ///   - gradient: the gradient of the output, outputs × (objectives · the grid's columns).
  ///   - units: the utterances of each unit.
  package init(gradient: MatrixView, input: AffineView, _ grid: Grid, objectives: Int, units: [Range<Int>]) {
    self.gradient = OutputGradient(gradient, columns: input.columns, objectives: objectives, units: units)
    self.input = input
    tiles = WinogradTiles(grid: grid)
  }

  /// Sums over the units of each node.
  package func sums(of nodes: [Range<Int>]) -> WeightSums {
    gradient.sums(channels: input.rows, taps: 9, nodes: nodes, write(_:of:to:))
  }

  private func write(_ channels: Range<Int>, of utterances: Range<Int>, to target: Matrix) {
    let sums = WinogradMatrices(rows: target.rows, columns: channels.count)
    let size = WinogradPanel.mostTiles(channels: input.rows, outputs: gradient.outputs)
    for (index, panel) in tiles.panels(of: utterances, size: size).enumerated() {
      let inputs = panel.transformed(input, channels: channels)
      for objective in 0..<gradient.objectives {
        let slopes = panel.transformed(gradient: gradient[objective])
        let rows = gradient.rows(of: objective)
        for number in 0..<WinogradMatrices.count {
          multiply(
            slopes[number], transposed: inputs[number], into: sums[number].rows(rows), adding: index > 0)
        }
      }
    }
    for row in 0..<target.rows {
      ck_winograd_weight_gradient(sums.row(row), sums.step, channels.count, target.row(row))
    }
  }
}
