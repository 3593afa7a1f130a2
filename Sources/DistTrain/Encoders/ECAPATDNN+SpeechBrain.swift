extension ECAPATDNN {
  /// Lays out the encoder with SpeechBrain's structure and parameter names (`lobes/models/ECAPA_TDNN.py`).
  init(speechbrain sizes: Sizes) {
    self.sizes = sizes
    var layout = EncoderLayout()
    (entry, blocks) = layout.scope("blocks") { layout in
      let entry = ConvolutionBlock(
        speechbrain: "0", inputs: sizes.bins, outputs: sizes.channels, kernel: 5, layout: &layout)
      let blocks = [2, 3, 4].enumerated().map { index, dilation in
        SERes2Block(speechbrain: "\(index + 1)", sizes, dilation: dilation, layout: &layout)
      }
      return (entry, blocks)
    }
    let block = ConvolutionBlock(
      speechbrain: "mfa", inputs: 3 * sizes.channels, outputs: sizes.aggregation, layout: &layout)
    let pooling = NormalizedAttentionPooling(
      "asp", channels: sizes.aggregation, bottleneck: sizes.attentionBottleneck, globalContext: sizes.globalContext,
      layout: &layout)
    aggregation = NormalizedAggregation(block: block, pooling: pooling)
    normalization = BatchNormalization("asp_bn.norm", channels: 2 * sizes.aggregation, layout: &layout)
    output = Linear(
      "fc.conv", inputs: 2 * sizes.aggregation, outputs: sizes.embedding, kernel: true, layout: &layout)
    self.layout = layout
  }
}

extension ConvolutionBlock {
  /// SpeechBrain's `TDNNBlock`.
  fileprivate init(
    speechbrain name: String, inputs: Int, outputs: Int, kernel: Int = 1, dilation: Int = 1,
    layout: inout EncoderLayout
  ) {
    self = layout.scope(name) {
      ConvolutionBlock(
        convolution: "conv.conv", normalization: "norm.norm", inputs: inputs, outputs: outputs, kernel: kernel,
        dilation: dilation, padding: .reflection, layout: &$0)
    }
  }
}

extension SERes2Block {
  /// SpeechBrain's `SERes2NetBlock`.
  fileprivate init(
    speechbrain name: String, _ sizes: ECAPATDNN.Sizes, dilation: Int, layout: inout EncoderLayout
  ) {
    let channels = sizes.channels
    let width = channels / sizes.scale
    self = layout.scope(name) { layout in
      let first = ConvolutionBlock(speechbrain: "tdnn1", inputs: channels, outputs: channels, layout: &layout)
      let chunks = layout.scope("res2net_block.blocks") { layout in
        (0..<sizes.scale - 1).map { index in
          ConvolutionBlock(
            speechbrain: "\(index)", inputs: width, outputs: width, kernel: 3, dilation: dilation, layout: &layout)
        }
      }
      let last = ConvolutionBlock(speechbrain: "tdnn2", inputs: channels, outputs: channels, layout: &layout)
      let gate = layout.scope("se_block") {
        SqueezeExcitation(
          squeeze: Linear(
            "conv1.conv", inputs: channels, outputs: sizes.squeezeBottleneck, kernel: true, layout: &$0),
          excite: Linear(
            "conv2.conv", inputs: sizes.squeezeBottleneck, outputs: channels, kernel: true, layout: &$0))
      }
      return SERes2Block(first: first, middle: Res2Block(chunks, passing: .first), last: last, gate: gate)
    }
  }
}
