internal import CKernels

/// The gradient of the weights of a convolution that `WinogradProducts` computes: the way back through its transforms,
/// Gᵀ·[Σ (A·dy·Aᵀ) ∘ (Bᵀ·d·B)]·G, where the sums over a unit's tiles are sixteen products of matrices. This is the filtering
/// F(3 × 3, 2 × 2) of the input by the output's gradient (Lavin and Gray 2016, section 4.2).
package struct WinogradGradient: Sendable {
  /// The gradient of the output, outputs × (objectives · columns).
  private let gradient: MatrixView
  /// The convolution's input, channels × the grid's columns.
  private let input: AffineView
  private let tiles: WinogradTiles
  private let objectives: Int
  /// The utterances of each unit.
  private let units: [Range<Int>]

  package init(gradient: MatrixView, input: AffineView, _ grid: Grid, objectives: Int, units: [Range<Int>]) {
    precondition(gradient.columns == objectives * input.columns, "a convolution's output has its input's grid")
    self.gradient = gradient
    self.input = input
    tiles = WinogradTiles(grid: grid)
    self.objectives = objectives
    self.units = units
  }

  /// Sums over the units of each node.
  package func sums(of nodes: [Range<Int>]) -> WeightSums {
    WeightSums(
      outputs: gradient.rows, objectives: objectives, channels: input.rows, taps: 9, units: units.count, nodes: nodes,
      term: write(_:channels:to:))
  }

  private func write(_ unit: Int, channels: Range<Int>, to target: Matrix) {
    let outputs = gradient.rows
    let sums = WinogradMatrices(rows: target.rows, columns: channels.count)
    let size = WinogradPanel.mostTiles(channels: input.rows, outputs: outputs)
    for (index, panel) in tiles.panels(of: units[unit], size: size).enumerated() {
      let inputs = panel.transformed(input, channels: channels)
      for objective in 0..<objectives {
        let start = objective * input.columns
        let slopes = panel.transformed(gradient: gradient.columns(start..<start + input.columns))
        let rows = objective * outputs..<(objective + 1) * outputs
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
