internal import CKernels

/// The tiles in which Winograd's minimal filtering F(4 × 4, 3 × 3) computes a convolution (Lavin and Gray 2016, section
/// 4.3): squares of four lines by four frames of the output, each with the six lines by six frames of the input that it
/// is computed of. A map whose height or length is no multiple of four has tiles of which a part lies beyond its end.
///
/// The tiles of four lines follow one another, then those of the next four, and so on through all utterances.
/// Neighbouring ones make up a panel, wherever lines end, so that products have full tiles of columns.
struct WinogradTiles: Sendable {
  let grid: Grid

  /// The lines and the frames of a tile's output.
  private static let side = 4

  /// The tiles beside each other.
  private var across: Int { (grid.frames + Self.side - 1) / Self.side }
  /// The tiles of an utterance.
  private var each: Int { (grid.height + Self.side - 1) / Self.side * across }

  /// The tiles of all utterances.
  var count: Int { grid.utterances * each }

  /// Whether products of tiles take so many fewer multiplications than those of windows that the transforms pay: at
  /// least a third fewer. An output takes nine multiplications for each channel, and a tile thirty-six.
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
      let (band, tile) = next.quotientAndRemainder(dividingBy: across)
      let (utterance, part) = band.quotientAndRemainder(dividingBy: each / across)
      let (line, frame) = (Self.side * part, Self.side * tile)
      let count = min(across - tile, tiles.upperBound - next)
      runs.append(
        ck_tiles(
          column: (utterance * grid.height + line) * grid.frames + frame, count: count, lines_before: min(line, 1),
          frames_before: min(frame, 1), lines_after: min(grid.height - line, Self.side + 1),
          frames_after: grid.frames - frame))
      next += count
    }
    return runs
  }
}
