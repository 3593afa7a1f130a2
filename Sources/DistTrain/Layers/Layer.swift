/// A differentiable map of activations. It holds no parameters: those lie in the passes' flat buffers, where the layer was
/// laid out, and nothing stays in it between two passes.
///
/// All layers have this shape. Where one pass over memory does the work of two layers, the two are fused, and these have
/// other signatures beside it or in its place:
/// - a convolution whose bias its caller adds (`Convolution1D.product`) and whose gradient's sums its caller has
///   (`Convolution1D.backward(_:sums:input:grid:into:adding:_:)`), in `ConvolutionBlock` and `RectifiedAggregation`;
/// - a normalisation that is not stored but read as an `AffineView`, and whose backward pass goes on through the ReLU before
///   it (`BatchNormalization.view` and `backwardThroughReLU`), in `ConvolutionBlock` and `NormalizedAttentionPooling`;
/// - a gradient that is added to what is there (`ConvolutionBlock.backward(_:cache:into:adding:_:)`), for residuals;
/// - `SqueezeExcitation` with the residual connection around it and, backward, as the `GatedGradient` that the block before
///   it works out where it reads it, in `SERes2Block`;
/// - `AttentiveStatisticsPooling.backwardThroughReLU`, in `RectifiedAggregation`;
/// - `ContextualLinear`, which has statistics for a second input, in the poolings.
public protocol Layer: Sendable {
  /// What a forward pass keeps for the backward pass.
  associatedtype Cache
  /// Rows of the input.
  var inputs: Int { get }
  /// Rows of the output.
  var outputs: Int { get }
  /// The fewest frames that a line of the input may have.
  var minimumFrames: Int { get }

  /// The columns of the output for an input's.
  func outputGrid(_ grid: Grid) -> Grid

  /// - Parameters:
  ///   - input: inputs × the grid's columns.
  ///   - grid: of the input.
  ///   - memory: takes what is stored, outputs × the output grid's columns.
  /// - Returns: the output, which is the memory or a view of it.
  func forward(
    _ input: AffineView, _ grid: Grid, into memory: MatrixView, _ pass: ForwardPass
  ) -> (output: AffineView, cache: Cache)

  /// Adds each objective's gradients of the parameters and writes those of the input.
  /// - Parameters:
  ///   - gradient: of the output, outputs × (objectives · columns); overwritten.
  ///   - inputGradient: takes the input's, inputs × (objectives · columns). It is other memory than the gradient's except
  ///     where a layer allows that; nil where nothing trained lies before.
  func backward(_ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass)

  /// A forward pass with what goes back through it, for layers of different types in one place. Layers that need memory of
  /// their own on the way back take that of the input's gradient as late as they can.
  func apply(
    _ input: AffineView, _ grid: Grid, _ pass: ForwardPass
  ) -> (output: AffineView, pullback: LayerPullback)
}

/// `Layer.backward` with a cache that it holds and memory of its own for the input's gradient, which it returns.
public typealias LayerPullback = (_ gradient: MatrixView, _ pass: BackwardPass) -> Matrix

extension Layer {
  public var minimumFrames: Int { 1 }
  public func outputGrid(_ grid: Grid) -> Grid { grid }

  /// The same, into memory of its own.
  public func forward(_ input: AffineView, _ grid: Grid, _ pass: ForwardPass) -> (output: AffineView, cache: Cache) {
    forward(input, grid, into: Matrix(rows: outputs, columns: outputGrid(grid).columns).view, pass)
  }

  public func apply(
    _ input: AffineView, _ grid: Grid, _ pass: ForwardPass
  ) -> (output: AffineView, pullback: LayerPullback) {
    let (output, cache) = forward(input, grid, pass)
    return (
      output,
      { gradient, pass in
        let inputGradient = Matrix(rows: inputs, columns: pass.objectives * grid.columns)
        backward(gradient, cache: cache, into: inputGradient.view, pass)
        return inputGradient
      }
    )
  }
}
