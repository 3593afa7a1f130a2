/// ECAPA-TDNN's block: x + gate(block₂(res2(block₁(x)))) with convolutions of one frame around the dilated ones
/// (Desplanques, Thienpondt and Demuynck 2020, section 3.2).
package struct SERes2Block: Sendable {
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
  /// The first of its parameters' elements in the flat buffer.
  var offset: Int { first.offset }

  package init(
    first: ConvolutionBlock, middle: Res2Block, last: ConvolutionBlock, gate: SqueezeExcitation
  ) {
    self.first = first
    self.middle = middle
    self.last = last
    self.gate = gate
  }

  /// wespeaker's.
  /// - Parameter name: the scope of `se_res2block`.
  package init(
    _ name: String, channels: Int, scale: Int, kernel: Int, dilation: Int, bottleneck: Int,
    layout: inout EncoderLayout
  ) {
    let scope = "\(name).se_res2block"
    first = ConvolutionBlock(
      convolution: "\(scope).0.conv", normalization: "\(scope).0.bn", inputs: channels, outputs: channels,
      layout: &layout)
    middle = Res2Block(
      "\(scope).1", channels: channels, scale: scale, kernel: kernel, dilation: dilation, layout: &layout)
    last = ConvolutionBlock(
      convolution: "\(scope).2.conv", normalization: "\(scope).2.bn", inputs: channels, outputs: channels,
      layout: &layout)
    gate = SqueezeExcitation("\(scope).3", channels: channels, bottleneck: bottleneck, layout: &layout)
  }

  /// The fewest frames of an utterance.
  package var minimumFrames: Int { middle.blocks.map(\.convolution.minimumFrames).max() ?? 1 }

  /// - Parameters:
  ///   - input: channels × (utterances · frames).
  ///   - output: takes the result, the same shape.
  package func forward(
    _ input: AffineView, utterances: Int, into output: MatrixView, _ pass: ForwardPass
  ) -> Cache {
    let (narrow, firstCache) = first.forward(input, utterances: utterances, pass)
    let (multiscale, middleCache) = middle.forward(narrow, utterances: utterances, pass)
    let (wide, lastCache) = last.forward(multiscale, utterances: utterances, pass)
    let gateCache = gate.forward(wide, valueMeans: lastCache.means, residual: input, into: output, pass)
    return Cache(first: firstCache, middle: middleCache, last: lastCache, gate: gateCache)
  }

  /// - Parameter gradient: of the output, channels × (objectives · utterances · frames); becomes the input's.
  package func backward(_ gradient: MatrixView, cache: Cache, utterances: Int, _ pass: BackwardPass) {
    let gated = gate.backward(gradient, cache: cache.gate, centres: cache.last.normalization.centres, pass)
    let wide = Matrix(rows: gradient.rows, columns: gradient.columns)
    let multiscale = Matrix(rows: gradient.rows, columns: gradient.columns)
    last.backward(gated, through: wide.view, cache: cache.last, into: multiscale.view, pass)
    // What the last convolution's gradient was read from takes the Res2 block's.
    let narrow = wide
    middle.backward(multiscale.view, cache: cache.middle, utterances: utterances, into: narrow.view, pass)
    // The residual's gradient is the output's, to which the convolutions' is added.
    first.backward(narrow.view, cache: cache.first, utterances: utterances, into: gradient, adding: true, pass)
  }
}
