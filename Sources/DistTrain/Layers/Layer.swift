/// A differentiable map of activations. A layer holds no parameters, which lie in the passes' flat buffers at the
/// places of its layout, and it keeps nothing between two passes.
///
/// All layers have this shape. Where one pass over memory does the work of two layers, the two are fused and have other
/// signatures, besides this one or in place of it:
/// - a convolution whose caller adds the bias (`Convolution1D.product`) and has the gradient's sums
///   (`Convolution1D.backward(_:sums:input:grid:into:adding:_:)`), in `ConvolutionBlock` and `RectifiedAggregation`;
/// - a normalisation that is not stored but read as an `AffineView`, and whose backward pass continues through the ReLU
///   before it (`BatchNormalization.view` and `backwardThroughReLU`), in `ConvolutionBlock` and
///   `NormalizedAttentionPooling`;
/// - a ReLU after a normalisation or after a sum, which is a part of the view (`AffineView.rectified`) and of the
///   normalisation's backward pass (`BatchNormalization.backwardBehindReLU`), in `ResidualBlock`;
/// - GELU after a normalisation, whose gradient goes through both (`BatchNormalization.backwardBehindGELU`), in
///   `ConvNeXtBlock`;
/// - normalisations that share their channels, each of which adds to one gradient with the batch's moments held fixed
///   (`PreactivatedConvolution`), and what the moments pass on, which is added once (`BatchMoments.passOn`), in
///   `DenseBlock`;
/// - two convolutions of which the first one's output is not stored (`SeparableConvolution`), a normalisation of the
///   sum of a product and its bias, which is not stored (`BatchNormalization.view(_:shiftedBy:_:)`), and a
///   convolution's way back that gives the sums of a normalisation before it
///   (`DepthwiseConvolution2D.backward(_:cache:into:adding:centres:_:)`), in `SeparableResidualBlock`;
/// - a gradient that is added to the values in memory (`ConvolutionBlock.backward(_:cache:into:adding:_:)` and those of
///   `Convolution2D`, `DepthwiseConvolution1D`, `GroupedConvolution2D`, `Linear` and `SelfAttention`), for residual
///   connections;
/// - a sum whose inputs are several maps (`WeightedMapSum`), in ReDimNet's stages;
/// - `SqueezeExcitation`, which includes the residual connection around it and whose gradient is a `GatedGradient` that
///   the block before computes as it reads it, in `SERes2Block`;
/// - `AttentiveStatisticsPooling.backwardThroughReLU`, in `RectifiedAggregation`;
/// - the gradient of contexts, which is added to that of the convolution beside them (`ContextPooling.add`), in
///   `ContextMask`;
/// - `ContextualLinear`, whose second input is the statistics, in the poolings.
public protocol Layer: Sendable {
  /// The values that a forward pass keeps for the backward pass.
  associatedtype Cache
  /// The number of rows of the input.
  var inputs: Int { get }
  /// The number of rows of the output.
  var outputs: Int { get }
  /// The fewest frames that a line of the input may have.
  var minimumFrames: Int { get }

  /// The grid of the output for the grid of an input.
  func outputGrid(_ grid: Grid) -> Grid

  /// Computes the output.
  /// - Parameters:
  ///   - input: the input, inputs × the grid's columns.
  ///   - grid: the grid of the input.
  ///   - memory: takes the values that are stored, outputs × the output grid's columns.
  /// - Returns: the output, which is the memory or a view of it, and the cache for the backward pass.
  func forward(
    _ input: AffineView, _ grid: Grid, into memory: MatrixView, _ pass: ForwardPass
  ) -> (output: AffineView, cache: Cache)

  /// Adds each objective's gradients of the parameters and writes those of the input.
  /// - Parameters:
  ///   - gradient: the gradient of the output, outputs × (objectives · columns), which is overwritten.
  ///   - cache: the cache of the forward pass.
  ///   - inputGradient: takes the gradient of the input, inputs × (objectives · columns). It is other memory than that
  ///     of `gradient` unless a layer allows the same; it is nil if nothing before is trained.
  func backward(_ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass)

  /// Computes the output and its pullback, so that layers of different types can stand in one place. A layer that needs
  /// memory of its own on the way back takes that of the input's gradient as late as it can.
  func apply(
    _ input: AffineView, _ grid: Grid, _ pass: ForwardPass
  ) -> (output: AffineView, pullback: LayerPullback)
}

/// Runs `Layer.backward` with a cache that it holds, and returns the input's gradient in memory of its own.
public typealias LayerPullback = (_ gradient: MatrixView, _ pass: BackwardPass) -> Matrix

extension Layer {
  public var minimumFrames: Int { 1 }
  public func outputGrid(_ grid: Grid) -> Grid { grid }

  /// Computes the output in memory of its own.
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
