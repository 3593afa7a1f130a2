internal import CKernels

/// Tiles of some lines, the same ones of each, which a thread transforms and multiplies at a time.
struct FrameTilePanel: Sendable {
  /// The most tiles of any panel.
  private static let mostTiles = 384

  private let tiles: FrameTiles
  private let lines: Range<Int>
  /// The tiles of each line, from the beginning of a group on.
  private let range: Range<Int>

  /// The most tiles that a panel may have: 384, eight crops of two seconds, and fewer from 455 channels on. With half
  /// as many, products of 512 channels took a tenth more time.
  static func mostTiles(channels: Int, outputs: Int) -> Int {
    min(mostTiles, WinogradMatrices.capacity(FrameTiles.numbers) / max(channels, outputs))
  }

  init(_ tiles: FrameTiles, lines: Range<Int>, _ range: Range<Int>) {
    precondition(lines.count * range.count <= Self.mostTiles, "\(lines.count) lines of \(range.count) tiles")
    precondition(range.lowerBound % tiles.dilation == 0, "a panel begins with a group")
    self.tiles = tiles
    self.lines = lines
    self.range = range
  }

  private var count: Int { lines.count * range.count }
  /// The first frame of the first tile's output.
  private var first: Int { FrameTiles.outputs * range.lowerBound }

  /// The transformed tiles of some channels of an input, Bᵀ·d: channels × tiles.
  func transformed(_ input: AffineView, channels: Range<Int>) -> WinogradMatrices {
    let result = WinogradMatrices(FrameTiles.numbers, rows: channels.count, tiles: count)
    let before = max(tiles.zeros - first, 0)
    let runs = runs(length: tiles.frames, from: max(first - tiles.zeros, 0), before: before)
    let room = room
    for (row, channel) in channels.enumerated() {
      var source = input.channel(channel)
      ck_frame_filter_input(
        &source, runs, runs.count, tiles.dilation, room.pointer, result.row(row), result.step)
    }
    return result
  }

  /// The transformed tiles of an output's gradient, A·dy: outputs × tiles.
  /// - Parameter gradient: the gradient, outputs × (lines · output frames).
  func transformed(gradient: MatrixView) -> WinogradMatrices {
    let result = WinogradMatrices(FrameTiles.numbers, rows: gradient.rows, tiles: count)
    let runs = runs(length: tiles.outputFrames, from: first, before: 0)
    let room = room
    for row in 0..<gradient.rows {
      ck_frame_filter_gradient(
        gradient.row(row), runs, runs.count, tiles.dilation, room.pointer, result.row(row), result.step)
    }
    return result
  }

  /// Writes or adds the outputs Aᵀ·m of the tiles.
  /// - Parameters:
  ///   - products: outputs × tiles.
  ///   - target: outputs × (lines · output frames).
  func writeOutputs(_ products: WinogradMatrices, to target: MatrixView, adding: Bool) {
    let runs = runs(length: tiles.outputFrames, from: first, before: 0)
    let room = room
    for row in 0..<target.rows {
      ck_frame_filter_output(
        products.row(row), products.step, runs, runs.count, tiles.dilation, adding ? 1 : 0, room.pointer,
        target.row(row))
    }
  }

  /// The tiles of each line in its elements.
  /// - Parameters:
  ///   - length: the frames of a line.
  ///   - frame: the first frame that belongs to the tiles.
  ///   - before: the zeros that stand before it.
  private func runs(length: Int, from frame: Int, before: Int) -> [ck_frame_tiles] {
    lines.map {
      ck_frame_tiles(column: $0 * length + frame, before: before, frames: length - frame, count: range.count)
    }
  }

  /// Memory for a line that is transformed.
  private var room: Matrix { Matrix(rows: 8, columns: Self.mostTiles + 2 * tiles.dilation + 4) }
}
