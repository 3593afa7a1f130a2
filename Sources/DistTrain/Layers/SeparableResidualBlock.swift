internal import CKernels

/// ReDimNet's block of separable convolutions, max(bn₂(f₂(bn₁(max(f₁(x), 0)))) + x, 0), where each f is a convolution of
/// single channels by 3 × 3 and one over the channels of one element, with bias (Yakovlev et al. 2024, section 2.2; names
/// and order as in wespeaker's `models/redimnet2.py`, `ResBasicBlock` with a group divisor of 1).
///
/// Normalised values are not stored. The second convolution and the last ReLU read them as views, and what else a way
/// does to an element it does in a pass that a convolution or a normalisation's sums make anyway.
package struct SeparableResidualBlock: Layer {
  package struct Cache {
    let first: SeparableConvolution.Cache
    /// The output of the first ReLU, channels × columns.
    let rectified: MatrixView
    let firstStatistics: BatchNormalization.Statistics
    let second: SeparableConvolution.Cache
    /// The second convolution's output without its bias, channels × columns.
    let product: MatrixView
    let secondStatistics: BatchNormalization.Statistics
    /// The output of the last ReLU, channels × columns.
    let output: MatrixView
  }

  private let first: SeparableConvolution
  private let firstNormalization: BatchNormalization
  private let second: SeparableConvolution
  private let secondNormalization: BatchNormalization
  package var inputs: Int { first.channels }
  package var outputs: Int { first.channels }

  /// - Parameter name: the scope of `conv1`, `conv1pw`, `bn1`, `conv2`, `conv2pw` and `bn2`.
  package init(_ name: String, channels: Int, layout: inout EncoderLayout) {
    (first, firstNormalization, second, secondNormalization) = layout.scope(name) {
      (
        SeparableConvolution("conv1", channels: channels, layout: &$0),
        BatchNormalization("bn1", channels: channels, layout: &$0),
        SeparableConvolution("conv2", channels: channels, layout: &$0),
        BatchNormalization("bn2", channels: channels, layout: &$0)
      )
    }
  }

  /// Computes the output.
  /// - Parameters:
  ///   - input: a view of one matrix, scaled and shifted at the most.
  ///   - memory: takes the output; it is other memory than that of the input.
  /// - Returns: the output, and a cache that is of use only if the pass keeps caches.
  package func forward(
    _ input: AffineView, _ grid: Grid, into memory: MatrixView, _ pass: ForwardPass
  ) -> (output: AffineView, cache: Cache) {
    let rectified = Matrix(rows: inputs, columns: grid.columns).view
    let inner = Matrix(rows: inputs, columns: grid.columns).view
    let (firstBiases, firstCache) = first.product(input, grid, through: inner, into: rectified, pass)
    let (normalized, firstStatistics) = firstNormalization.view(rectified, pass) { channel, columns in
      ck_add_scalar_relu(rectified.row(channel) + columns.lowerBound, columns.count, firstBiases[channel])
    }
    // Where no way back follows, the memory of what is not needed any more is taken again.
    let product = pass.keepsCaches ? Matrix(rows: inputs, columns: grid.columns).view : memory
    let nextInner = pass.keepsCaches ? Matrix(rows: inputs, columns: grid.columns).view : inner
    let (secondBiases, secondCache) = second.product(normalized, grid, through: nextInner, into: product, pass)
    let (view, secondStatistics) = secondNormalization.view(product, shiftedBy: secondBiases, pass)
    (view + input).rectified.write(to: memory)
    let cache = Cache(
      first: firstCache, rectified: rectified, firstStatistics: firstStatistics, second: secondCache, product: product,
      secondStatistics: secondStatistics, output: memory)
    return (AffineView(memory), cache)
  }

  /// Adds the gradients of the parameters and writes that of the input, which may use the memory of `gradient`.
  package func backward(
    _ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass
  ) {
    let own = Matrix(rows: inputs, columns: gradient.columns).view
    let inner = Matrix(rows: inputs, columns: gradient.columns).view
    let secondSums = secondNormalization.backwardBehindReLU(
      gradient, rectified: cache.output, input: cache.product, cache.secondStatistics, into: own, pass)
    second.pointwise.backward(
      own, sums: secondSums, input: cache.second.inner, grid: cache.second.outer.grid, into: inner, pass)
    let sums = second.depthwise.backward(
      inner, cache: cache.second.outer, into: own, centres: cache.firstStatistics.centres, pass)
    let firstSums = firstNormalization.backwardThroughReLU(
      own, sums: sums.ofGradient, rectified: cache.rectified, cache.firstStatistics, pass)
    first.pointwise.backward(
      own, sums: firstSums, input: cache.first.inner, grid: cache.first.outer.grid, into: inner, pass)
    first.depthwise.backward(inner, cache: cache.first.outer, into: inputGradient, adding: gradient, pass)
  }
}

/// A convolution of each channel by itself, and one over the channels of one element, with bias.
struct SeparableConvolution: Sendable {
  struct Cache: Sendable {
    let outer: DepthwiseConvolution2D.Cache
    /// The output of the first of the two.
    let inner: AffineView
  }

  let depthwise: DepthwiseConvolution2D
  let pointwise: Convolution1D
  var channels: Int { depthwise.inputs }

  /// - Parameter name: the scope of the convolution of single channels, and with `pw` behind it of that over channels.
  init(_ name: String, channels: Int, layout: inout EncoderLayout) {
    depthwise = DepthwiseConvolution2D(name, channels: channels, layout: &layout)
    pointwise = Convolution1D(ofMaps: name + "pw", inputs: channels, outputs: channels, layout: &layout)
  }

  /// Computes the product without the bias, which the caller adds in a pass that it makes anyway.
  /// - Parameters:
  ///   - inner: takes the output of the convolution of single channels, channels × the grid's columns.
  ///   - memory: takes the product, of the same shape.
  /// - Returns: the number to be added to each row of the output, and the cache.
  func product(
    _ input: AffineView, _ grid: Grid, through inner: MatrixView, into memory: MatrixView, _ pass: ForwardPass
  ) -> (biases: [Float], cache: Cache) {
    let (output, cache) = depthwise.forward(input, grid, into: inner, pass)
    let biases = pointwise.product(output, grid, into: memory, pass)
    return (biases, Cache(outer: cache, inner: output))
  }
}
