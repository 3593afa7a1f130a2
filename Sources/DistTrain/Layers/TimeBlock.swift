internal import CKernels

/// ReDimNet's block over time alone (Yakovlev et al. 2024, section 2.2), as wespeaker has it: a product to fewer
/// channels and their normalisation, four convolutions of 7 to 59 frames, a transformer's layer, and a product back to
/// all channels, added to the input.
package struct TimeBlock: Layer {
  package typealias TimeConvolution = ConvNeXtBlock<DepthwiseConvolution1D>

  package struct Cache {
    /// The input, channels × columns.
    let input: MatrixView
    let grid: Grid
    let normalization: LayerNormalization.Cache
    /// The caches of the convolutions; none where no way back follows.
    let convolutions: [TimeConvolution.Cache]
    let transformer: TransformerLayer.Cache
    /// The output of the transformer's layer, reduced channels × columns.
    let transformed: Matrix
  }

  private static let kernels = [7, 19, 31, 59]

  let reduction: Convolution1D
  let normalization: LayerNormalization
  let convolutions: [TimeConvolution]
  let transformer: TransformerLayer
  let expansion: Convolution1D
  package var inputs: Int { reduction.inputs }
  package var outputs: Int { reduction.inputs }
  private var reduced: Int { reduction.outputs }

  /// - Parameters:
  ///   - name: the scope of `red_dim_conv.0`, `red_dim_conv.1`, `tcm.0` to `tcm.4` and `exp_dim_conv`.
  ///   - channels: the number of channels of input and output.
  ///   - reduced: the number of channels between the products, a multiple of the transformer's four heads.
  package init(_ name: String, channels: Int, reduced: Int, layout: inout EncoderLayout) {
    (reduction, normalization, convolutions, transformer, expansion) = layout.scope(name) { layout in
      (
        Convolution1D("red_dim_conv.0", inputs: channels, outputs: reduced, layout: &layout),
        LayerNormalization("red_dim_conv.1", channels: reduced, layout: &layout),
        Self.kernels.enumerated().map { index, kernel in
          TimeConvolution("tcm.\(index)", channels: reduced, kernel: kernel, layout: &layout)
        },
        TransformerLayer("tcm.\(Self.kernels.count)", channels: reduced, layout: &layout),
        Convolution1D("exp_dim_conv", inputs: reduced, outputs: channels, layout: &layout)
      )
    }
  }

  /// Computes the output in memory other than the input's.
  package func forward(
    _ input: AffineView, _ grid: Grid, into memory: MatrixView, _ pass: ForwardPass
  ) -> (output: AffineView, cache: Cache) {
    let input = input.plain
    func room() -> Matrix { Matrix(rows: reduced, columns: grid.columns) }
    let product = room()
    _ = reduction.forward(AffineView(input), grid, into: product.view, pass)
    var current = pass.keepsCaches ? room() : product
    let normalization = self.normalization.forward(AffineView(product.view), grid, into: current.view, pass).cache
    var caches: [TimeConvolution.Cache] = []
    for block in convolutions {
      let next = room()
      let cache = block.forward(AffineView(current.view), grid, into: next.view, pass).cache
      if pass.keepsCaches { caches.append(cache) }
      current = next
    }
    let transformed = room()
    let transformer = self.transformer.forward(AffineView(current.view), grid, into: transformed.view, pass).cache
    let biases = expansion.product(AffineView(transformed.view), grid, into: memory, pass)
    inParallel(outputs) { channel in
      let row = memory.row(channel)
      ck_affine_sum(row, input.row(channel), row, grid.columns, 1, 1, biases[channel])
    }
    return (
      AffineView(memory),
      Cache(
        input: input, grid: grid, normalization: normalization, convolutions: caches, transformer: transformer,
        transformed: transformed)
    )
  }

  /// Adds the gradients of the parameters and writes that of the input, which may use the memory of `gradient`.
  package func backward(
    _ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass
  ) {
    let grid = cache.grid
    let current = Matrix(rows: reduced, columns: gradient.columns)
    expansion.backward(
      gradient, sums: UnitSums(ofRows: gradient, pass), input: AffineView(cache.transformed.view), grid: grid,
      into: current.view, pass)
    transformer.backward(current.view, cache: cache.transformer, into: current.view, pass)
    for (block, own) in zip(convolutions, cache.convolutions).reversed() {
      block.backward(current.view, cache: own, into: current.view, pass)
    }
    normalization.backward(current.view, cache: cache.normalization, into: current.view, pass)
    if let inputGradient { gradient.copy(to: inputGradient) }
    reduction.backward(
      current.view, sums: UnitSums(ofRows: current.view, pass), input: AffineView(cache.input), grid: grid,
      into: inputGradient, adding: true, pass)
  }
}

extension TimeBlock: GraphLayer {
  package func describe(_ input: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    let reduced = normalization.describe(reduction.describe(input, in: &graph), in: &graph)
    let convolved = convolutions.reduce(reduced) { $1.describe($0, in: &graph) }
    let output = expansion.describe(transformer.describe(convolved, in: &graph), in: &graph)
    return graph.add("Add", input, output)
  }
}
