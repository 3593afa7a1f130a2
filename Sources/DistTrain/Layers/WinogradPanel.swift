internal import CKernels

/// Neighbouring tiles of a map, which a thread transforms and multiplies at a time.
struct WinogradPanel: Sendable {
  /// The most tiles of any panel, a multiple of the eight that are transformed at a time.
  private static let mostTiles = 192

  private let tiles: WinogradTiles
  private let range: Range<Int>

  /// The most tiles that a panel may have: 192, at which sums over tiles were fastest, and fewer from 152 channels on.
  /// The numbers of channels alone decide it; there are none for more than 907 channels.
  static func mostTiles(channels: Int, outputs: Int) -> Int {
    min(mostTiles, WinogradMatrices.capacity() / max(channels, outputs) / 32 * 32)
  }

  init(_ tiles: WinogradTiles, _ range: Range<Int>) {
    precondition(range.count <= Self.mostTiles, "\(range.count) tiles")
    self.tiles = tiles
    self.range = range
  }

  /// The transformed tiles of some channels of an input, Bᵀ·d·B: channels × tiles.
  func transformed(_ input: AffineView, channels: Range<Int>) -> WinogradMatrices {
    let result = WinogradMatrices(rows: channels.count, tiles: range.count)
    transform(input, channels: channels, into: result)
    return result
  }

  /// The transformed tiles of an input as right factors of products: channels × tiles.
  func laidOut(_ input: AffineView) -> WinogradMatrices {
    let result = WinogradMatrices.laidOut(rows: input.rows, tiles: range.count)
    transform(input, channels: 0..<input.rows, into: result)
    return result
  }

  private func transform(_ input: AffineView, channels: Range<Int>, into result: WinogradMatrices) {
    var panels = result.panels
    let runs = tiles.runs(of: range)
    let lines = Matrix(rows: 6, columns: 4 * Self.mostTiles + 8)
    for (row, channel) in channels.enumerated() {
      var source = input.channel(channel)
      ck_winograd_input(
        &source, runs, runs.count, tiles.grid.frames, lines.pointer, result.row(row), &panels, result.step)
    }
  }

  /// The transformed tiles of an output's gradient, A·dy·Aᵀ: outputs × tiles.
  /// - Parameter gradient: the gradient, outputs × the grid's columns.
  func transformed(gradient: MatrixView) -> WinogradMatrices {
    let result = WinogradMatrices(rows: gradient.rows, tiles: range.count)
    let runs = tiles.runs(of: range)
    for row in 0..<gradient.rows {
      ck_winograd_gradient(gradient.row(row), runs, runs.count, tiles.grid.frames, result.row(row), result.step)
    }
    return result
  }

  /// Writes or adds the outputs Aᵀ·m·A of the tiles.
  /// - Parameters:
  ///   - products: outputs × tiles.
  ///   - target: outputs × the grid's columns.
  ///   - sum: a view of the target whose elements are written in place of the outputs, which nothing is added to then.
  func writeOutputs(
    _ products: WinogradMatrices, to target: MatrixView, adding: Bool, finishing sum: AffineView? = nil
  ) {
    let runs = tiles.runs(of: range)
    for row in 0..<target.rows {
      func write(_ finish: UnsafePointer<ck_channel>?) {
        ck_winograd_output(
          products.row(row), products.step, runs, runs.count, tiles.grid.frames, adding ? 1 : 0, finish,
          target.row(row))
      }
      if var finish = sum?.channel(row) { write(&finish) } else { write(nil) }
    }
  }
}
