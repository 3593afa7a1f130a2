/// The joined outputs of an encoder's blocks, aggregated by a convolution and pooled over frames.
///
/// Its backward pass has two halves, so that the memory of the input's gradient is taken only after the pooling has
/// given back its own.
protocol Aggregation: GraphLayer {
  associatedtype Pooling: Layer

  var pooling: Pooling { get }

  /// Takes the gradient of the output back through the pooling and returns what `backwardThroughConvolution` needs of
  /// it, channels × (objectives · utterances · frames).
  func backwardThroughPooling(_ gradient: MatrixView, _ cache: Cache, _ pass: BackwardPass) -> Matrix

  /// Takes the result of `backwardThroughPooling` back to the input, whose gradient it writes.
  func backwardThroughConvolution(
    _ aggregated: Matrix, _ cache: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass)
}

extension Aggregation {
  var outputs: Int { pooling.outputs }

  func outputGrid(_ grid: Grid) -> Grid { pooling.outputGrid(grid) }

  func backward(_ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass) {
    let aggregated = backwardThroughPooling(gradient, cache, pass)
    backwardThroughConvolution(aggregated, cache, into: inputGradient, pass)
  }

  func apply(
    _ input: AffineView, _ grid: Grid, _ pass: ForwardPass
  ) -> (output: AffineView, pullback: LayerPullback) {
    let (output, cache) = forward(input, grid, pass)
    return (
      output,
      { gradient, pass in
        let aggregated = backwardThroughPooling(gradient, cache, pass)
        let inputGradient = Matrix(rows: inputs, columns: aggregated.columns)
        backwardThroughConvolution(aggregated, cache, into: inputGradient.view, pass)
        return inputGradient
      }
    )
  }
}
