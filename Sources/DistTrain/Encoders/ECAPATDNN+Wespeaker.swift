extension ECAPATDNN {
  /// Lays out the encoder with wespeaker's structure and parameter names (`models/ecapa_tdnn.py`).
  init(wespeaker sizes: Sizes) {
    self.sizes = sizes
    var layout = EncoderLayout()
    entry = layout.scope("layer1") {
      ConvolutionBlock(
        convolution: "conv", normalization: "bn", inputs: sizes.bins, outputs: sizes.channels, kernel: 5, layout: &$0)
    }
    blocks = [2, 3, 4].map { dilation in
      SERes2Block(
        "layer\(dilation)", channels: sizes.channels, scale: sizes.scale, kernel: 3, dilation: dilation,
        bottleneck: sizes.squeezeBottleneck, layout: &layout)
    }
    let convolution = Convolution1D(
      "conv", inputs: 3 * sizes.channels, outputs: sizes.aggregation, layout: &layout)
    let pooling = AttentiveStatisticsPooling(
      "pool", channels: sizes.aggregation, bottleneck: sizes.attentionBottleneck, globalContext: sizes.globalContext,
      layout: &layout)
    aggregation = RectifiedAggregation(convolution: convolution, pooling: pooling)
    normalization = BatchNormalization("bn", channels: 2 * sizes.aggregation, layout: &layout)
    output = Linear("linear", inputs: 2 * sizes.aggregation, outputs: sizes.embedding, layout: &layout)
    self.layout = layout
  }
}
