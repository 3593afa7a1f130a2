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
    aggregation = sizes.pooledAggregation(by: convolution, layout: &layout)
    normalization = BatchNormalization("bn", channels: aggregation.outputs, layout: &layout)
    output = Linear("linear", inputs: aggregation.outputs, outputs: sizes.embedding, layout: &layout)
    self.layout = layout
  }
}

extension ECAPATDNN.Sizes {
  /// wespeaker's aggregation with the pooling of the sizes, whose scope is `pool`.
  fileprivate func pooledAggregation(by convolution: Convolution1D, layout: inout EncoderLayout) -> any GraphLayer {
    func rectified(_ pooling: some RectifiedPooling) -> any GraphLayer {
      RectifiedAggregation(convolution: convolution, pooling: pooling)
    }
    return switch pooling {
    case .astp:
      rectified(
        AttentiveStatisticsPooling(
          "pool", channels: aggregation, bottleneck: attentionBottleneck, globalContext: globalContext, layout: &layout)
      )
    case .tstp: rectified(TemporalStatisticsPooling(channels: aggregation))
    case .xi: rectified(XiPooling("pool", channels: aggregation, bottleneck: 256, layout: &layout))
    }
  }
}
