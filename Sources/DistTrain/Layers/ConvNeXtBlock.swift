internal import CKernels

/// A convolution whose way back can add to what it finds.
package protocol AddingConvolution: Layer {
  /// Adds the gradients of the parameters and writes that of the input, other memory than that of `gradient`.
  /// - Parameter adding: whether the input's gradient is added to the values in its memory.
  func backward(
    _ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, adding: Bool, _ pass: BackwardPass)
}

/// A convolution of few channels at a time, batch normalisation, GELU and a product of each element, added to the
/// input, after ConvNeXt (Liu et al. 2022, section 2.6), as wespeaker's ReDimNet has it: y = x + W·gelu(norm(conv(x)))
/// + b. Where it makes the channels fewer, nothing is added.
package struct ConvNeXtBlock<Convolution: AddingConvolution>: Layer {
  package struct Cache {
    /// The input, inputs × columns.
    let input: MatrixView
    let grid: Grid
    let convolution: Convolution.Cache
    /// The normalised output of the convolution, a view of it, outputs × columns.
    let normalized: AffineView
    let statistics: BatchNormalization.Statistics
    /// The normalised output after GELU, outputs × columns.
    let active: Matrix
  }

  let convolution: Convolution
  let normalization: BatchNormalization
  let product: Convolution1D
  /// Whether the input is added.
  let isResidual: Bool
  package var inputs: Int { convolution.inputs }
  package var outputs: Int { convolution.outputs }

  /// Computes the output in memory other than the input's.
  package func forward(
    _ input: AffineView, _ grid: Grid, into memory: MatrixView, _ pass: ForwardPass
  ) -> (output: AffineView, cache: Cache) {
    let input = input.plain
    let convolved = Matrix(rows: outputs, columns: grid.columns)
    let own = convolution.forward(AffineView(input), grid, into: convolved.view, pass).cache
    let (normalized, statistics) = normalization.view(convolved.view, pass)
    let active = pass.keepsCaches ? Matrix(rows: outputs, columns: grid.columns) : convolved
    inParallel(outputs) { channel in
      ck_affine_gelu(
        convolved.row(channel), active.row(channel), grid.columns, normalized.scales[channel],
        normalized.shifts[channel])
    }
    let biases = product.product(AffineView(active.view), grid, into: memory, pass)
    inParallel(outputs) { channel in
      let row = memory.row(channel)
      if isResidual {
        ck_affine_sum(row, input.row(channel), row, grid.columns, 1, 1, biases[channel])
      } else {
        ck_add_scalar(row, grid.columns, biases[channel])
      }
    }
    let cache = Cache(
      input: input, grid: grid, convolution: own, normalized: normalized, statistics: statistics, active: active)
    return (AffineView(memory), cache)
  }

  /// Adds the gradients of the parameters and writes that of the input, which may use the memory of `gradient` where
  /// the input is added.
  package func backward(
    _ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass
  ) {
    let current = Matrix(rows: outputs, columns: gradient.columns)
    product.backward(
      gradient, sums: UnitSums(ofRows: gradient, pass), input: AffineView(cache.active.view), grid: cache.grid,
      into: current.view, pass)
    normalization.backwardBehindGELU(current.view, view: cache.normalized, cache.statistics, pass)
    if isResidual, let inputGradient { gradient.copy(to: inputGradient) }
    convolution.backward(current.view, cache: cache.convolution, into: inputGradient, adding: isResidual, pass)
  }
}

extension DepthwiseConvolution1D: AddingConvolution {}
extension GroupedConvolution2D: AddingConvolution {}

extension ConvNeXtBlock where Convolution == DepthwiseConvolution1D {
  /// A block over frames.
  /// - Parameters:
  ///   - name: the scope of `dwconvs.0`, `norm` and `pwconv1`.
  ///   - kernel: the number of frames of the convolution's kernels, odd and at most 63.
  package init(_ name: String, channels: Int, kernel: Int, layout: inout EncoderLayout) {
    self = layout.scope(name) {
      ConvNeXtBlock(
        convolution: DepthwiseConvolution1D("dwconvs.0", channels: channels, kernel: kernel, layout: &$0),
        normalization: BatchNormalization("norm", channels: channels, layout: &$0),
        product: Convolution1D("pwconv1", inputs: channels, outputs: channels, layout: &$0), isResidual: true)
    }
  }
}

extension ConvNeXtBlock where Convolution == GroupedConvolution2D {
  /// A block over height and time.
  /// - Parameters:
  ///   - name: the scope of `dwconvs.0`, `norm` and `pwconv1`.
  ///   - groups: the groups of channels that the convolution reads.
  package init(_ name: String, channels: Int, groups: Int, layout: inout EncoderLayout) {
    self = layout.scope(name) {
      ConvNeXtBlock(
        convolution: GroupedConvolution2D(
          "dwconvs.0", inputs: channels, outputs: channels, groups: groups, layout: &$0),
        normalization: BatchNormalization("norm", channels: channels, layout: &$0),
        product: Convolution1D(ofMaps: "pwconv1", inputs: channels, outputs: channels, layout: &$0), isResidual: true)
    }
  }

  /// A block over height and time to another number of channels, whose normalisation has ε = 10⁻⁶.
  /// - Parameters:
  ///   - name: the scope of `0`, the convolution, `1`, the normalisation, and `3`, the product.
  ///   - groups: the groups of channels that the convolution reads.
  package init(_ name: String, inputs: Int, outputs: Int, groups: Int, layout: inout EncoderLayout) {
    self = layout.scope(name) {
      ConvNeXtBlock(
        convolution: GroupedConvolution2D("0", inputs: inputs, outputs: outputs, groups: groups, layout: &$0),
        normalization: BatchNormalization("1", channels: outputs, epsilon: 1e-6, layout: &$0),
        product: Convolution1D(ofMaps: "3", inputs: outputs, outputs: outputs, layout: &$0), isResidual: false)
    }
  }
}

extension ConvNeXtBlock: GraphLayer where Convolution: GraphLayer {
  package func describe(_ input: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    let normalized = normalization.describe(convolution.describe(input, in: &graph), in: &graph)
    let output = product.describe(graph.gelu(normalized), in: &graph)
    return isResidual ? graph.add("Add", input, output) : output
  }
}
