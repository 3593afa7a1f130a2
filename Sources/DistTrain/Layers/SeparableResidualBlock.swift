internal import CKernels

/// ReDimNet's block of separable convolutions, max(bn₂(f₂(bn₁(max(f₁(x), 0)))) + x, 0), where each f is a convolution
/// of single channels by 3 × 3 and one over the channels of one element, with bias (Yakovlev et al. 2024, "Reshape
/// dimensions network for speaker recognition"; names and order as in wespeaker's `models/redimnet2.py`,
/// `ResBasicBlock` with a group divisor of 1).
///
/// What a convolution of single channels gives is not stored, and neither are normalised values: the second convolution
/// and the last ReLU read them as views. What else is done to an element is done in a pass that a convolution or a
/// normalisation's sums make anyway.
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
    let (firstBiases, firstCache) = first.product(input, grid, into: rectified, pass)
    let (normalized, firstStatistics) = firstNormalization.view(rectified, pass) { channel, columns in
      ck_add_scalar_relu(rectified.row(channel) + columns.lowerBound, columns.count, firstBiases[channel])
    }
    // Where no way back follows, the output takes the memory of what it is computed from.
    let product = pass.keepsCaches ? Matrix(rows: inputs, columns: grid.columns).view : memory
    let (secondBiases, secondCache) = second.product(normalized, grid, into: product, pass)
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
    let sums = second.backward(
      own, sums: secondSums, cache: cache.second, through: inner, into: own,
      centres: cache.firstStatistics.centres, pass)
    let firstSums = firstNormalization.backwardThroughReLU(
      own, sums: sums, rectified: cache.rectified, cache.firstStatistics, pass)
    first.backward(
      own, sums: firstSums, cache: cache.first, through: inner, into: inputGradient, adding: gradient, pass)
  }
}

extension SeparableResidualBlock: GraphLayer {
  package func describe(_ input: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    let rectified = graph.add("Relu", first.describe(input, in: &graph))
    let middle = firstNormalization.describe(rectified, in: &graph)
    let output = secondNormalization.describe(second.describe(middle, in: &graph), in: &graph)
    return graph.add("Relu", graph.add("Add", output, input))
  }
}
