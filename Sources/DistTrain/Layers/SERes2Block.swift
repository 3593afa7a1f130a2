/// ECAPA-TDNN's block, x + gate(block₂(res2(block₁(x)))), where convolutions of one frame stand around the dilated ones
/// (Desplanques, Thienpondt and Demuynck 2020, section 3.2).
package struct SERes2Block: Layer {
  package struct Cache {
    let first: ConvolutionBlock.Cache
    let middle: Res2Block.Cache
    let last: ConvolutionBlock.Cache
    let gate: SqueezeExcitation.Cache
  }

  let first: ConvolutionBlock
  let middle: Res2Block
  let last: ConvolutionBlock
  let gate: SqueezeExcitation
  package var inputs: Int { first.inputs }
  package var outputs: Int { last.outputs }
  package var minimumFrames: Int { [first, last].map(\.minimumFrames).reduce(middle.minimumFrames, max) }

  package init(
    first: ConvolutionBlock, middle: Res2Block, last: ConvolutionBlock, gate: SqueezeExcitation
  ) {
    self.first = first
    self.middle = middle
    self.last = last
    self.gate = gate
  }

  /// A block in wespeaker's form, with its parameter names.
  /// - Parameter name: the scope of `se_res2block`.
  package init(
    _ name: String, channels: Int, scale: Int, kernel: Int, dilation: Int, bottleneck: Int,
    layout: inout EncoderLayout
  ) {
    self = layout.scope("\(name).se_res2block") { layout in
      SERes2Block(
        first: ConvolutionBlock(
          convolution: "0.conv", normalization: "0.bn", inputs: channels, outputs: channels, layout: &layout),
        middle: Res2Block(
          "1", channels: channels, scale: scale, kernel: kernel, dilation: dilation, layout: &layout),
        last: ConvolutionBlock(
          convolution: "2.conv", normalization: "2.bn", inputs: channels, outputs: channels, layout: &layout),
        gate: SqueezeExcitation("3", channels: channels, bottleneck: bottleneck, layout: &layout))
    }
  }

  /// Computes the output.
  /// - Parameter input: a view of one matrix.
  package func forward(
    _ input: AffineView, _ grid: Grid, into memory: MatrixView, _ pass: ForwardPass
  ) -> (output: AffineView, cache: Cache) {
    let (narrow, firstCache) = first.forward(input, grid, pass)
    let (multiscale, middleCache) = middle.forward(narrow, grid, pass)
    let (wide, lastCache) = last.forward(multiscale, grid, pass)
    let gateCache = gate.forward(wide, valueMeans: lastCache.means, residual: input, into: memory, pass)
    return (AffineView(memory), Cache(first: firstCache, middle: middleCache, last: lastCache, gate: gateCache))
  }

  /// Adds the gradients of the parameters and writes that of the input, which may use the memory of `gradient`.
  package func backward(
    _ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass
  ) {
    let gated = gate.backward(gradient, cache: cache.gate, centres: cache.last.statistics.centres, pass)
    let wide = Matrix(rows: gradient.rows, columns: gradient.columns)
    let multiscale = Matrix(rows: gradient.rows, columns: gradient.columns)
    last.backward(gated, through: wide.view, cache: cache.last, into: multiscale.view, pass)
    // The gradient of the last convolution's output has been used: its memory takes the gradient of the Res2 block's
    // input.
    let narrow = wide
    middle.backward(multiscale.view, cache: cache.middle, into: narrow.view, pass)
    // The residual connection passes on the output's gradient, to which that of the convolutions is added.
    if let inputGradient { gradient.copy(to: inputGradient) }
    first.backward(narrow.view, cache: cache.first, into: inputGradient, adding: true, pass)
  }
}

extension SERes2Block: GraphLayer {
  package func describe(_ input: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    let multiscale = middle.describe(first.describe(input, in: &graph), in: &graph)
    return graph.add("Add", input, gate.describe(last.describe(multiscale, in: &graph), in: &graph))
  }
}
