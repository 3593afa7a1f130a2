/// The tiles in which Winograd's minimal filtering F(4, 3) computes a convolution of three frames over lines (Lavin and
/// Gray 2016, section 4.1), whose taps lie `dilation` frames apart.
///
/// A line's output is cut into groups of 4 · dilation frames. Tile p of a group is every dilation-th of its frames from
/// the p-th on, four of them, and is computed of six frames of the input. So tiles beside each other read frames beside
/// each other whatever the dilation. A last group that is not whole has tiles of which a part lies beyond the line's
/// end, and none that lies there altogether.
struct FrameTiles: Sendable {
  /// The numbers of a tile.
  static let numbers = 6
  /// The frames of the output that a tile has.
  static let outputs = 4

  let lines: Int
  /// The frames of a line of the input.
  let frames: Int
  /// The zeros that stand before and behind a line of the input.
  let zeros: Int
  let dilation: Int

  /// Tiles of a convolution without padding, of lines that may have zeros before and behind them: 2 · dilation as where
  /// an input's gradient is computed, or none.
  init(lines: Int, frames: Int, zeros: Int, dilation: Int) {
    precondition(zeros <= 2 * dilation && frames + 2 * zeros > 2 * dilation, "\(frames) frames and \(zeros) zeros")
    self.lines = lines
    self.frames = frames
    self.zeros = zeros
    self.dilation = dilation
  }

  /// The frames of a line of the output.
  var outputFrames: Int { frames + 2 * zeros - 2 * dilation }

  /// The tiles of a line.
  var each: Int {
    let (groups, rest) = outputFrames.quotientAndRemainder(dividingBy: Self.outputs * dilation)
    return groups * dilation + min(rest, dilation)
  }

  /// The panels of some lines, nearly the same size each: whole lines, or parts of one where a line has more tiles than
  /// a panel may have.
  /// - Parameters:
  ///   - most: the most tiles of a panel.
  ///   - threads: the number of panels is a multiple of it if there are as many lines.
  func panels(of lines: Range<Int>, most: Int, threads: Int = 1) -> [FrameTilePanel] {
    if each <= most {
      let least = Self.parts(lines.count, most / each)
      let count = min(lines.count, Self.parts(least, threads) * threads)
      return Self.cut(lines, count).map { FrameTilePanel(self, lines: $0, 0..<each) }
    }
    let groups = Self.parts(each, dilation)
    let parts = Self.cut(0..<groups, Self.parts(groups, most / dilation))
    return lines.flatMap { line in
      parts.map {
        FrameTilePanel(self, lines: line..<line + 1, $0.lowerBound * dilation..<min($0.upperBound * dilation, each))
      }
    }
  }

  /// The parts of at most `size` that make up `count`.
  private static func parts(_ count: Int, _ size: Int) -> Int { (count + size - 1) / size }

  private static func cut(_ range: Range<Int>, _ count: Int) -> [Range<Int>] {
    (0..<count).map {
      range.lowerBound + $0 * range.count / count..<range.lowerBound + ($0 + 1) * range.count / count
    }
  }
}
