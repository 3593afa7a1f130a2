import DistTrain

extension Grid {
  /// Calls `body` for every product that a channel's kernel of 3 × 3 without stride takes of a map: with the kernel's
  /// element, the input's column that it reads, and the output's column.
  func forEachTap(_ body: (_ tap: Int, _ from: Int, _ to: Int) -> Void) {
    for column in 0..<columns {
      let (line, frame) = column.quotientAndRemainder(dividingBy: frames)
      for tap in 0..<9 {
        let (lines, steps) = (tap / 3 - 1, tap % 3 - 1)
        guard (0..<height).contains(line % height + lines), (0..<frames).contains(frame + steps) else { continue }
        body(tap, column + lines * frames + steps, column)
      }
    }
  }
}
