internal import CKernels

/// The part of a map that the places of a panel read, with the zeros around it. Channels are written to it scaled,
/// shifted and rectified, one after the other, and read from it for each tap, so that no reader has to see where the map
/// ends.
///
/// Where places stand several frames apart, a line is stored as the frames that the first tap reads, then those that a
/// tap of the next frame reads, and so on: what places beside each other read by a tap lies beside each other.
struct MapSurroundings: Sendable {
  /// A line of the map, or one of zeros above or below it.
  private struct Line {
    /// The first column of the line in the map; nil for zeros.
    let column: Int?
  }

  private let lines: [Line]
  /// The frames of the map that are stored, of which the first may lie before its beginning.
  private let frames: Range<Int>
  /// Those of them that the map has.
  private let inside: Range<Int>
  /// The frames from one place to the next.
  private let step: Int
  /// The elements of a line for each frame between two places.
  private let length: Int
  /// What each tap adds to a place's element.
  private let taps: [Int]
  /// The places of the panel, a line of them each.
  private let stretches: [ck_stretch]
  private let memory: Matrix
  /// The elements of a line before they are divided among phases; nil where places stand beside each other.
  private let room: Matrix?

  private var width: Int { step * length }
  private var size: Int { lines.count * width }

  /// - Parameter channels: the most channels that are stored at a time.
  init(_ windows: MapWindows, _ panel: MapWindows.Panel, channels: Int) {
    let (grid, stride) = (windows.grid, windows.stride)
    let shifts = windows.taps.map(\.frame)
    let distances = windows.taps.map(\.line)
    let (before, above) = (shifts.min() ?? 0, distances.min() ?? 0)
    let first = panel.frames.lowerBound * stride.frames + before
    frames = first..<(panel.frames.upperBound - 1) * stride.frames + (shifts.max() ?? 0) + 1
    inside = frames.clamped(to: 0..<grid.frames)
    let step = stride.frames
    self.step = step
    let length = (frames.count + step - 1) / step
    self.length = length
    let width = step * length
    taps = windows.taps.map { tap in
      let (index, phase) = (tap.frame - before).quotientAndRemainder(dividingBy: step)
      return (tap.line - above) * width + phase * length + index
    }
    var lines: [Line] = []
    var stretches: [ck_stretch] = []
    let reach = (distances.max() ?? 0) - above
    var place = panel.lines.lowerBound
    while place < panel.lines.upperBound {
      // The lines of an utterance.
      let (utterance, height) = place.quotientAndRemainder(dividingBy: windows.places.height)
      let count = min(windows.places.height - height, panel.lines.upperBound - place)
      for index in 0..<count {
        stretches.append(
          ck_stretch(
            column: stretches.count * panel.frames.count, count: panel.frames.count,
            element: (lines.count + index * stride.height) * width))
      }
      for line in height * stride.height + above..<(height + count - 1) * stride.height + above + reach + 1 {
        let isInside = (0..<grid.height).contains(line)
        lines.append(Line(column: isInside ? (utterance * grid.height + line) * grid.frames : nil))
      }
      place += count
    }
    (self.lines, self.stretches) = (lines, stretches)
    memory = Matrix(rows: 1, columns: max(MapWindows.capacity, channels * lines.count * width))
    room = step == 1 ? nil : Matrix.zeros(rows: 1, columns: width)
  }

  /// Writes channels over those before.
  func read(_ source: AffineView, channels: Range<Int>) {
    for (index, channel) in channels.enumerated() {
      for (number, line) in lines.enumerated() {
        let target = memory.pointer + index * size + number * width
        guard let column = line.column, !inside.isEmpty else {
          target.update(repeating: 0, count: width)
          continue
        }
        let columns = column + inside.lowerBound..<column + inside.upperBound
        let before = inside.lowerBound - frames.lowerBound
        guard let room else {
          target.update(repeating: 0, count: before)
          source.write(row: channel, columns: columns, to: target + before)
          (target + before + inside.count).update(repeating: 0, count: width - before - inside.count)
          continue
        }
        source.write(row: channel, columns: columns, to: room.pointer + before)
        let own = room.pointer
        for phase in 0..<step {
          for frame in 0..<length { target[phase * length + frame] = own[frame * step + phase] }
        }
      }
    }
  }

  /// What all rows of so many channels add to the places' elements.
  private func rows(channels: Int) -> [Int] {
    (0..<channels).flatMap { channel in taps.map { channel * size + $0 } }
  }

  /// The rows of so many channels that were read, as the factor of products.
  func factor(channels: Int) -> RightFactor {
    RightFactor(windowsOf: memory, rows: rows(channels: channels), stretches: stretches)
  }

  /// Copies the rows of the channels that were read.
  func gather(into target: MatrixView) {
    for (index, row) in rows(channels: target.rows / taps.count).enumerated() {
      for stretch in stretches {
        (target.row(index) + stretch.column).update(from: memory.pointer + row + stretch.element, count: stretch.count)
      }
    }
  }
}
