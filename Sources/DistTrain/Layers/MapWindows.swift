/// The elements of a map that a kernel over height and time reads at each of its places: channels · taps numbers for
/// each place, which are the columns of a convolution's second factor.
///
/// The whole factor would be as many times larger than the map as the kernel has taps. It is gathered in panels that
/// stay in the second-level cache between the copy and the product: the places of a panel, by a slice of the channels.
struct MapWindows: Sendable {
  /// An element that the kernel reads, by its distance from where the kernel stands.
  struct Tap: Sendable, Equatable {
    let line: Int
    let frame: Int
  }

  /// Neighbouring places: whole lines, or a stretch of a line.
  struct Panel: Sendable {
    let lines: Range<Int>
    let frames: Range<Int>
    /// The columns of the places' grid.
    let columns: Range<Int>
  }

  /// The map, channels × the grid's columns. It is 0 beyond the ends of an utterance's lines, and above the first and
  /// below the last of them.
  private let source: AffineView
  let grid: Grid
  /// The places where the kernel stands. It has as many utterances as the map.
  let places: Grid
  /// The lines and frames of the map from one place to the next.
  let stride: MapStride
  let taps: [Tap]

  init(_ source: AffineView, _ grid: Grid, places: Grid, stride: MapStride, taps: [Tap]) {
    precondition(source.columns == grid.columns, "\(source.columns) columns of a map of \(grid.columns)")
    precondition(places.utterances == grid.utterances, "as many utterances of places as of the map")
    self.source = source
    self.grid = grid
    self.places = places
    self.stride = stride
    self.taps = taps
  }

  /// The most rows and columns of a panel, which are half a megabyte. With the product's own packed copies, a panel of
  /// this size fits into a second-level cache of a megabyte.
  private static let mostRows = 288
  static let mostColumns = 512
  /// The most elements of a panel. No number of frames decides it, so that all panels share their memory.
  static let capacity = mostRows * mostColumns

  /// The channels that are gathered at a time. Sums over channels are added slice after slice, so the slices depend on
  /// the numbers of channels and taps alone.
  var slices: [Range<Int>] {
    let count = max(1, Self.mostRows / taps.count)
    return Swift.stride(from: 0, to: source.rows, by: count).map { $0..<min($0 + count, source.rows) }
  }

  /// The rows of a slice of channels within all rows.
  func rows(of channels: Range<Int>) -> Range<Int> {
    channels.lowerBound * taps.count..<channels.upperBound * taps.count
  }

  /// The panels of some utterances, whose cut depends on the grid alone.
  func panels(of utterances: Range<Int>) -> [Panel] {
    let lines = utterances.lowerBound * places.height..<utterances.upperBound * places.height
    let frames = places.frames
    guard frames > 0 else { return [] }
    let linesAtATime = max(1, Self.mostColumns / frames)
    let pieces = (frames + Self.mostColumns - 1) / Self.mostColumns
    return Swift.stride(from: lines.lowerBound, to: lines.upperBound, by: linesAtATime).flatMap { first in
      (0..<pieces).map { piece in
        let lines = first..<min(first + linesAtATime, lines.upperBound)
        let own = piece * frames / pieces..<(piece + 1) * frames / pieces
        let start = lines.lowerBound * frames + own.lowerBound
        return Panel(lines: lines, frames: own, columns: start..<start + lines.count * own.count)
      }
    }
  }

  /// Memory for a thread's panels, one after another.
  static func memory() -> Matrix { Matrix(rows: 1, columns: capacity) }

  /// The rows of a slice of channels at the places of a panel: channel c at tap j is row c · taps + j, as in a weight's
  /// row.
  /// - Parameter memory: takes the rows.
  func gathered(_ panel: Panel, channels: Range<Int>, in memory: Matrix) -> MatrixView {
    let result = MatrixView(
      memory.pointer, rows: channels.count * taps.count, columns: panel.columns.count, owner: memory.buffer)
    precondition(result.rows * result.columns <= memory.count, "a panel of \(result.rows) × \(result.columns)")
    if readsItself {
      for (row, channel) in channels.enumerated() {
        source.write(row: channel, columns: panel.columns, to: result.row(row))
      }
    } else {
      let surroundings = MapSurroundings(self, panel, channels: channels.count)
      surroundings.read(source, channels: channels)
      surroundings.gather(into: result)
    }
    return result
  }

  /// The same rows as a factor of products, which reads them where they are.
  func factor(_ panel: Panel, channels: Range<Int>, _ surroundings: MapSurroundings?) -> RightFactor? {
    guard let surroundings else { return source.factor(rows: channels, columns: panel.columns) }
    surroundings.read(source, channels: channels)
    return surroundings.factor(channels: channels.count)
  }

  /// What the places of a panel read, for the channels of any slice; nil where each place reads its own element alone.
  func surroundings(_ panel: Panel) -> MapSurroundings? {
    readsItself ? nil : MapSurroundings(self, panel, channels: slices.map(\.count).max() ?? 0)
  }

  /// Whether each place reads its own element alone.
  private var readsItself: Bool { grid == places && stride == MapStride() && taps == [Tap(line: 0, frame: 0)] }
}
