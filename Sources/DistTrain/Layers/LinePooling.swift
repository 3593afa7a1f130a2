/// A pooling of lines of frames as one of maps: each line of a map counts as a channel of its own, in the order in
/// which wespeaker flattens a map (`Grid.lines`).
package struct LinePooling<Pooling: Layer>: Layer {
  package struct Cache {
    /// The grid of the maps.
    let grid: Grid
    let pooling: Pooling.Cache
  }

  private let pooling: Pooling
  private let height: Int
  package var inputs: Int { pooling.inputs / height }
  package var outputs: Int { pooling.outputs }

  /// - Parameters:
  ///   - pooling: pools channels · height rows.
  ///   - height: the height of the maps.
  package init(_ pooling: Pooling, height: Int) {
    self.pooling = pooling
    self.height = height
  }

  package func outputGrid(_ grid: Grid) -> Grid { grid.pooled }

  package func forward(
    _ input: AffineView, _ grid: Grid, into output: MatrixView, _ pass: ForwardPass
  ) -> (output: AffineView, cache: Cache) {
    precondition(grid.height == height, "maps of \(height) lines are pooled, not of \(grid.height)")
    let lines = AffineView(grid.lines(of: input).view)
    let (pooled, cache) = pooling.forward(
      lines, Grid(utterances: grid.utterances, frames: grid.frames), into: output, pass)
    return (pooled, Cache(grid: grid, pooling: cache))
  }

  package func backward(_ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass) {
    guard let inputGradient else { return pooling.backward(gradient, cache: cache.pooling, into: nil, pass) }
    let grid = cache.grid.stacked(pass.objectives)
    let lines = Matrix(rows: pooling.inputs, columns: grid.utterances * grid.frames)
    pooling.backward(gradient, cache: cache.pooling, into: lines.view, pass)
    grid.write(mapOf: lines.view, to: inputGradient)
  }
}

extension LinePooling: GraphLayer where Pooling: GraphLayer {
  package func describe(_ input: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    pooling.describe(graph.lines(of: input, rows: pooling.inputs), in: &graph)
  }
}
