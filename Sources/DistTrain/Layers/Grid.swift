/// The columns of activations: utterances of equal shape, each of `height` lines of `frames` frames.
///
/// The activations of a batch are one matrix, channels × (utterances · height · frames). An utterance's map in one
/// channel is in one piece, line after line, and the utterances follow one another: height h and frame t of utterance u
/// are column (u · height + h) · frames + t. Layers over time alone have height 1; layers over time and frequency have
/// a line for each frequency. Layers that treat each channel by itself take any grid, and layers along frames take each
/// line by itself.
public struct Grid: Sendable, Equatable {
  /// The number of utterances.
  public let utterances: Int
  /// The number of lines of each utterance.
  public let height: Int
  /// The number of frames of a line.
  public let frames: Int

  /// A grid of so many utterances, each of `height` lines of `frames` frames.
  public init(utterances: Int, height: Int = 1, frames: Int) {
    self.utterances = utterances
    self.height = height
    self.frames = frames
  }

  /// The number of lines of frames: one for each utterance and height.
  public var lines: Int { utterances * height }
  /// The number of columns: one for each frame of each line.
  public var columns: Int { lines * frames }
  /// The grid of gradients of objectives, which follow one another as utterances do.
  package func stacked(_ objectives: Int) -> Grid {
    Grid(utterances: objectives * utterances, height: height, frames: frames)
  }

  /// The grid after pooling over height and frames, with one column for each utterance.
  public var pooled: Grid { Grid(utterances: utterances, frames: 1) }
}
