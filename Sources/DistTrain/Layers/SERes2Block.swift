internal import CKernels

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

  /// channels × (utterances · frames) → the same.
  package func forward(_ input: MatrixView, utterances: Int, _ pass: ForwardPass) -> (Matrix, Cache) {
    let (narrow, firstCache) = first.forward(input, utterances: utterances, pass)
    let (scales, middleCache) = middle.forward(narrow, utterances: utterances, pass)
    let (wide, lastCache) = last.forward(scales.view, utterances: utterances, pass)
    let (output, gateCache) = gate.forward(wide, residual: input, utterances: utterances, pass)
    return (output, Cache(first: firstCache, middle: middleCache, last: lastCache, gate: gateCache))
  }

  /// - Parameter gradient: channels × (objectives · utterances · frames); kept.
  package func backward(_ gradient: MatrixView, cache: Cache, utterances: Int, _ pass: BackwardPass) -> Matrix {
    let wide = gate.backward(gradient, cache: cache.gate, utterances: utterances, pass)
    let scales = Matrix(rows: wide.rows, columns: wide.columns)
    last.backward(wide.view, cache: cache.last, utterances: utterances, into: scales.view, pass)
    let narrow = middle.backward(scales, cache: cache.middle, utterances: utterances, pass)
    let inputGradient = wide
    first.backward(narrow.view, cache: cache.first, utterances: utterances, into: inputGradient.view, pass)
    inParallel(inputGradient.rows) { row in
      ck_add(inputGradient.row(row), gradient.row(row), inputGradient.row(row), inputGradient.columns)
    }
    return inputGradient
  }
}
