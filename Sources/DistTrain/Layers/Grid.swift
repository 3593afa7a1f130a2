/// The columns of activations: utterances of equal shape, each of `height` lines of `frames` frames.
///
/// Activations of a batch are one matrix, channels × (utterances · height · frames). A channel's map of an utterance lies in
/// one piece, line after line, and utterance after utterance: height h and frame t of utterance u are column
/// (u · height + h) · frames + t. Layers over time alone have height 1, those over time and frequency a line for each
/// frequency. Per-channel layers take any grid, and what works along frames takes each line by itself.
public struct Grid: Sendable, Equatable {
  public let utterances: Int
  public let height: Int
  public let frames: Int

  public init(utterances: Int, height: Int = 1, frames: Int) {
    self.utterances = utterances
    self.height = height
    self.frames = frames
  }

  /// Rows of frames, each whole in itself: one for each utterance and height.
  public var lines: Int { utterances * height }
  public var columns: Int { lines * frames }
  /// One column for each utterance, as of what was pooled over height and frames.
  public var pooled: Grid { Grid(utterances: utterances, frames: 1) }
}
