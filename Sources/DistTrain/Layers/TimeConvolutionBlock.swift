internal import CKernels

/// A depthwise convolution over frames, batch normalisation, GELU and a product of each frame, added to the input, after
/// ConvNeXt (Liu et al. 2022, section 2.6), as wespeaker's ReDimNet has it: y = x + W·gelu(norm(conv(x))) + b.
package struct TimeConvolutionBlock: Layer {
  package struct Cache {
    let convolution: DepthwiseConvolution1D.Cache
    /// The normalised output of the convolution, a view of it, channels × columns.
    let normalized: AffineView
    let statistics: BatchNormalization.Statistics
    /// What GELU makes of it, channels × columns.
    let active: Matrix
  }

  let convolution: DepthwiseConvolution1D
  let normalization: BatchNormalization
  let product: Convolution1D
  package var channels: Int { convolution.channels }
  package var inputs: Int { channels }
  package var outputs: Int { channels }

  /// - Parameters:
  ///   - name: the scope of `dwconvs.0`, `norm` and `pwconv1`.
  ///   - kernel: the number of frames of the convolution's kernels, odd and at most 63.
  package init(_ name: String, channels: Int, kernel: Int, layout: inout EncoderLayout) {
    (convolution, normalization, product) = layout.scope(name) {
      (
        DepthwiseConvolution1D("dwconvs.0", channels: channels, kernel: kernel, layout: &$0),
        BatchNormalization("norm", channels: channels, layout: &$0),
        Convolution1D("pwconv1", inputs: channels, outputs: channels, layout: &$0)
      )
    }
  }

  /// Computes the output in memory other than the input's.
  package func forward(
    _ input: AffineView, _ grid: Grid, into memory: MatrixView, _ pass: ForwardPass
  ) -> (output: AffineView, cache: Cache) {
    let convolved = Matrix(rows: channels, columns: grid.columns)
    let own = convolution.forward(input, grid, into: convolved.view, pass).cache
    let (normalized, statistics) = normalization.view(convolved.view, pass)
    let active = pass.keepsCaches ? Matrix(rows: channels, columns: grid.columns) : convolved
    inParallel(channels) { channel in
      ck_affine_gelu(
        convolved.row(channel), active.row(channel), grid.columns, normalized.scales[channel],
        normalized.shifts[channel])
    }
    let biases = product.product(AffineView(active.view), grid, into: memory, pass)
    inParallel(channels) { channel in
      let row = memory.row(channel)
      ck_affine_sum(row, own.input.row(channel), row, grid.columns, 1, 1, biases[channel])
    }
    let cache = Cache(convolution: own, normalized: normalized, statistics: statistics, active: active)
    return (AffineView(memory), cache)
  }

  /// Adds the gradients of the parameters and writes that of the input, which may use the memory of `gradient`.
  package func backward(
    _ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass
  ) {
    let current = Matrix(rows: channels, columns: gradient.columns)
    product.backward(
      gradient, sums: UnitSums(ofRows: gradient, pass), input: AffineView(cache.active.view),
      grid: cache.convolution.grid, into: current.view, pass)
    normalization.backwardBehindGELU(current.view, view: cache.normalized, cache.statistics, pass)
    if let inputGradient { gradient.copy(to: inputGradient) }
    convolution.backward(current.view, cache: cache.convolution, into: inputGradient, adding: true, pass)
  }
}
