internal import CKernels

/// The context of a frame in CAM++ (Wang et al. 2023, "CAM++: A Fast and Efficient Network for Speaker Verification
/// Using Context-Aware Masking", section 2.3): the mean over all frames of its line plus the mean over its piece of the
/// line.
///
/// Lines are cut into pieces of equal length, the last of which may be shorter and has the mean over its own frames.
/// Frames of a piece share their context, so the output has one column for each piece.
package struct ContextPooling: Layer {
  /// The grid of the input.
  package typealias Cache = Grid

  package let channels: Int
  /// The number of frames of a piece.
  private let length: Int
  package var inputs: Int { channels }
  package var outputs: Int { channels }

  package init(channels: Int, length: Int = 100) {
    self.channels = channels
    self.length = length
  }

  package func outputGrid(_ grid: Grid) -> Grid {
    Grid(utterances: grid.utterances, height: grid.height, frames: (grid.frames + length - 1) / length)
  }

  /// The frames of each piece of a line.
  func pieces(_ grid: Grid) -> [Range<Int>] {
    stride(from: 0, to: grid.frames, by: length).map { $0..<min($0 + length, grid.frames) }
  }

  /// Computes the contexts.
  /// - Parameter input: a view of one matrix.
  package func forward(
    _ input: AffineView, _ grid: Grid, into memory: MatrixView, _ pass: ForwardPass
  ) -> (output: AffineView, cache: Cache) {
    let pieces = pieces(grid)
    inParallel(channels) { channel in
      for line in 0..<grid.lines {
        let start = line * grid.frames
        let target = memory.row(channel) + line * pieces.count
        var total = 0.0
        for (index, piece) in pieces.enumerated() {
          let sum = input.sum(row: channel, columns: start + piece.lowerBound..<start + piece.upperBound)
          total += sum
          target[index] = Float(sum / Double(piece.count))
        }
        ck_add_scalar(target, pieces.count, Float(total / Double(grid.frames)))
      }
    }
    return (AffineView(memory), grid)
  }

  package func backward(_ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass) {
    guard let inputGradient else { return }
    inParallel(channels) { inputGradient.row($0).update(repeating: 0, count: inputGradient.columns) }
    add(gradient, cache, to: inputGradient)
  }

  /// Adds to the gradient of the input what reaches it through the contexts.
  /// - Parameter gradient: the gradient of the output, channels × (objectives · the output's columns).
  func add(_ gradient: MatrixView, _ grid: Grid, to inputGradient: MatrixView) {
    let pieces = pieces(grid)
    inParallel(channels) { channel in
      for line in 0..<gradient.columns / pieces.count {
        let own = gradient.row(channel) + line * pieces.count
        let target = inputGradient.row(channel) + line * grid.frames
        let mean = Float(ck_sum(own, pieces.count) / Double(grid.frames))
        for (index, piece) in pieces.enumerated() {
          ck_add_scalar(target + piece.lowerBound, piece.count, own[index] / Float(piece.count) + mean)
        }
      }
    }
  }
}

extension ContextPooling {
  /// The pieces of a graph's lines, which all values of as many frames share.
  struct GraphPieces {
    /// The zeros behind a line that fill its last piece, as `Pad` takes them.
    let padding: EncoderGraph.Value
    /// The number of frames of each piece, as floats.
    let counts: EncoderGraph.Value
    /// The piece of each frame.
    let indices: EncoderGraph.Value
  }

  /// Adds the pieces of a value over frames.
  func describePieces(of input: EncoderGraph.Value, in graph: inout EncoderGraph) -> GraphPieces {
    let frames = graph.elementCount(input)
    let length = graph.integers(self.length)
    let count = graph.add("Div", graph.add("Add", frames, graph.integers(self.length - 1)), length)
    let missing = graph.add("Sub", graph.add("Mul", count, length), frames)
    let starts = graph.add("Mul", graph.range(to: count), length)
    let counts = graph.add("Min", graph.add("Sub", frames, starts), length)
    return GraphPieces(
      padding: graph.add("Concat", graph.integers(0, 0, 0, 0, 0), missing, attributes: ["axis": 0]),
      counts: graph.add("Cast", counts, attributes: ["to": 1]),
      indices: graph.add("Div", graph.range(to: frames), length))
  }

  /// Adds the contexts of frames, [utterances, channels, pieces].
  func describe(
    _ input: EncoderGraph.Value, pieces: GraphPieces, in graph: inout EncoderGraph
  ) -> EncoderGraph.Value {
    let padded = graph.add("Pad", input, pieces.padding)
    let cut = graph.add("Reshape", padded, graph.integers(0, channels, -1, length))
    let sums = graph.add("ReduceSum", cut, graph.integers(-1), attributes: ["keepdims": 0])
    return graph.add("Add", graph.add("Div", sums, pieces.counts), graph.frameMean(input))
  }
}
