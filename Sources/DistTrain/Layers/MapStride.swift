/// The steps of a kernel over a map: the lines and frames from one place to the next.
public struct MapStride: Sendable, Equatable {
  /// The number of lines from one place to the next.
  public let height: Int
  /// The number of frames from one place to the next.
  public let frames: Int

  /// Steps of so many lines and frames, at least one of either.
  public init(height: Int = 1, frames: Int = 1) {
    precondition(height > 0 && frames > 0, "a step of \(height) lines and \(frames) frames")
    self.height = height
    self.frames = frames
  }

  /// The grid of the places of a kernel that begins at a map's first line and frame.
  package func places(on grid: Grid) -> Grid {
    Grid(
      utterances: grid.utterances, height: (grid.height + height - 1) / height,
      frames: (grid.frames + frames - 1) / frames)
  }
}
