internal import CKernels

/// The tiles in which Winograd's minimal filtering F(2 × 2, 3 × 3) computes a convolution (Lavin and Gray 2016, section
/// 4.1): squares of two lines by two frames of the output, each with the four lines by four frames of the input that it
/// is computed of. A map of an odd height or length has tiles of which a part lies beyond its end.
///
/// The tiles of a pair of lines follow one another, then those of the next pair, and so on through all utterances.
/// Neighbouring ones make up a panel, wherever lines end, so that products have full tiles of columns.
struct WinogradTiles: Sendable {
  let grid: Grid

  /// The tiles of a pair of lines.
  private var across: Int { (grid.frames + 1) / 2 }
  /// The tiles of an utterance.
  private var each: Int { (grid.height + 1) / 2 * across }

  /// The tiles of all utterances.
  var count: Int { grid.utterances * each }

  /// Whether products of tiles take so many fewer multiplications than those of windows that the transforms pay: at
  /// least a third fewer. An output takes nine multiplications for each channel, and a tile sixteen.
  var pay: Bool { 3 * WinogradMatrices.count * each <= 2 * 9 * grid.height * grid.frames }

  /// The panels of some utterances.
  /// - Parameter size: the number of tiles of each panel but the last.
  func panels(of utterances: Range<Int>, size: Int) -> [WinogradPanel] {
    let (first, end) = (utterances.lowerBound * each, utterances.upperBound * each)
    return stride(from: first, to: end, by: size).map { WinogradPanel(self, $0..<min($0 + size, end)) }
  }

  /// Neighbouring tiles as runs within lines.
  func runs(of tiles: Range<Int>) -> [ck_tiles] {
    var runs: [ck_tiles] = []
    var next = tiles.lowerBound
    while next < tiles.upperBound {
      let (pair, tile) = next.quotientAndRemainder(dividingBy: across)
      let (utterance, half) = pair.quotientAndRemainder(dividingBy: each / across)
      let (line, frame) = (2 * half, 2 * tile)
      let count = min(across - tile, tiles.upperBound - next)
      runs.append(
        ck_tiles(
          column: (utterance * grid.height + line) * grid.frames + frame, count: count, lines_before: min(line, 1),
          frames_before: min(frame, 1), lines_after: min(grid.height - line, 3), frames_after: grid.frames - frame))
      next += count
    }
    return runs
  }
}
