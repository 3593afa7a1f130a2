/// CAM++ (Wang, Zheng, Chen, Cheng and Chen 2023, "CAM++: A Fast and Efficient Network for Speaker Verification Using
/// Context-Aware Masking", Interspeech) in wespeaker's structure and with its parameter names (`models/campplus.py`): a
/// convolutional head over frequency and time, a convolution that halves the time, dense blocks of masked convolutions
/// over time, statistics, and a linear layer with a normalisation that has no weight and bias.
package struct CAMPPlus: Encoder {
  /// The sizes of an encoder. The defaults are wespeaker's.
  package struct Sizes: Sendable, Equatable {
    package var bins = 80
    /// The number of channels of the head's maps.
    package var headChannels = 32
    /// The number of channels before the first dense block.
    package var channels = 128
    /// The number of channels that a dense layer adds.
    package var growth = 32
    /// The number of channels within a dense layer for each that it adds.
    package var bottleneck = 4
    /// The number of layers of each dense block.
    package var layers = [12, 24, 16]
    package var embedding = 512

    package init() {}
  }

  /// The caches of the layers, for the way back.
  private struct Caches {
    let head: ConvolutionalHead.Cache
    let entry: NormalizedConvolution2D.Cache
    let blocks: [DenseBlock.Cache]
    let top: AffineView
    let topStatistics: BatchNormalization.Statistics
    let pooling: TemporalStatisticsPooling.Cache
    let dense: Linear.Cache
    let normalization: BatchNormalization.Cache
  }

  package let layout: EncoderLayout
  package let sizes: Sizes
  private let head: ConvolutionalHead
  private let entry: NormalizedConvolution2D
  private let blocks: [DenseBlock]
  private let topNormalization: BatchNormalization
  private let pooling: TemporalStatisticsPooling
  private let dense: Linear
  private let normalization: BatchNormalization

  package var bins: Int { sizes.bins }
  package var dimensions: Int { sizes.embedding }
  package var minimumFrames: Int { 1 }
  /// The head keeps the time, and the convolution after it halves it.
  package var frameStride: Int { 2 }

  package init(_ sizes: Sizes) {
    self.sizes = sizes
    var layout = EncoderLayout()
    let head = ConvolutionalHead("head", bins: sizes.bins, channels: sizes.headChannels, layout: &layout)
    self.head = head
    (entry, blocks, topNormalization, pooling, dense, normalization) = layout.scope("xvector") { layout in
      let entry = NormalizedConvolution2D(
        overTime: "tdnn.linear", normalization: "tdnn.nonlinear.batchnorm", inputs: head.outputs,
        outputs: sizes.channels, kernel: 5, stride: 2, layout: &layout)
      var channels = sizes.channels
      let blocks = sizes.layers.enumerated().map { index, count in
        let block = DenseBlock(
          "block\(index + 1)", transition: "transit\(index + 1)", layers: count, inputs: channels,
          growth: sizes.growth, bottleneck: sizes.bottleneck * sizes.growth, dilation: index == 0 ? 1 : 2,
          layout: &layout)
        channels = block.outputs
        return block
      }
      let top = BatchNormalization("out_nonlinear.batchnorm", channels: channels, layout: &layout)
      let pooling = TemporalStatisticsPooling(channels: channels)
      let dense = Linear(
        "dense.linear", inputs: pooling.outputs, outputs: sizes.embedding, biased: false, kernel: true, start: .normal,
        layout: &layout)
      let normalization = BatchNormalization(
        "dense.nonlinear.batchnorm", channels: sizes.embedding, affine: false, layout: &layout)
      return (entry, blocks, top, pooling, dense, normalization)
    }
    self.layout = layout
  }

  package func encode(
    _ features: Matrix, utterances: Int, _ pass: ForwardPass
  ) -> (embeddings: Matrix, pullback: Pullback) {
    precondition(features.rows == bins, "\(bins) features a frame expected, not \(features.rows)")
    let (embeddings, caches) = forward(features, utterances: utterances, pass)
    let pullback = Pullback(layout) { gradient, pass in
      guard let caches else { preconditionFailure("a pass that kept no caches has no way back") }
      backward(gradient, caches, pass)
    }
    return (embeddings.transposed, pullback)
  }

  /// Computes the embeddings, dimensions × utterances, and the caches, or nil if no way back follows.
  private func forward(
    _ features: Matrix, utterances: Int, _ pass: ForwardPass
  ) -> (embeddings: Matrix, caches: Caches?) {
    let frames = features.columns / utterances
    let (lines, headCache) = head.forward(
      features, Grid(utterances: utterances, height: bins, frames: frames), pass)
    let lineGrid = Grid(utterances: utterances, frames: frames)
    let entryCache = entry.forward(AffineView(lines.view), lineGrid, pass)
    let grid = entry.convolution.outputGrid(lineGrid)
    let (trunk, blockCaches) = throughBlocks(entryCache.output.rectified, grid, pass)
    let (top, topStatistics) = topNormalization.view(trunk.view, pass)
    let (pooled, poolingCache) = pooling.forward(top.rectified, grid, pass)
    let (product, denseCache) = dense.forward(pooled, grid.pooled, pass)
    let embeddings = Matrix(rows: dimensions, columns: utterances)
    let (_, normalizationCache) = normalization.forward(product, grid.pooled, into: embeddings.view, pass)
    guard let headCache, let blockCaches else { return (embeddings, nil) }
    let caches = Caches(
      head: headCache, entry: entryCache, blocks: blockCaches, top: top, topStatistics: topStatistics,
      pooling: poolingCache, dense: denseCache, normalization: normalizationCache)
    return (embeddings, caches)
  }

  /// Runs the dense blocks, each of which writes its output where the next one's channels begin.
  private func throughBlocks(
    _ input: AffineView, _ grid: Grid, _ pass: ForwardPass
  ) -> (output: Matrix, caches: [DenseBlock.Cache]?) {
    var features = Matrix(rows: blocks[0].channels, columns: grid.columns)
    input.write(to: features.rows(0..<blocks[0].inputs))
    var caches: [DenseBlock.Cache] = []
    for (index, block) in blocks.enumerated() {
      let rows = index + 1 < blocks.count ? blocks[index + 1].channels : block.outputs
      let next = Matrix(rows: rows, columns: grid.columns)
      let cache = block.forward(features.view, grid, into: next.rows(0..<block.outputs), pass)
      if let cache { caches.append(cache) }
      features = next
    }
    return (features, pass.keepsCaches ? caches : nil)
  }

  private func backward(_ gradient: Matrix, _ caches: Caches, _ pass: BackwardPass) {
    let pooledGradient = Matrix(rows: pooling.outputs, columns: gradient.columns)
    normalization.backward(gradient.view, cache: caches.normalization, into: gradient.view, pass)
    dense.backward(gradient.view, cache: caches.dense, into: pooledGradient.view, pass)
    let columns = pass.objectives * caches.top.columns
    let topGradient = Matrix(rows: pooling.inputs, columns: columns)
    pooling.backward(pooledGradient.view, cache: caches.pooling, into: topGradient.view, pass)
    topNormalization.backwardBehindReLU(topGradient.view, view: caches.top, caches.topStatistics, pass)
    let entryGradient = zip(blocks, caches.blocks).reversed().reduce(topGradient.view) { gradient, block in
      block.0.backward(gradient, cache: block.1, pass)
    }
    let lineGradient = Matrix(
      rows: head.outputs, columns: pass.objectives * caches.entry.convolution.grid.columns)
    entry.backwardBehindReLU(entryGradient, cache: caches.entry, into: lineGradient.view, adding: false, pass)
    head.backward(lineGradient, cache: caches.head, pass)
  }
}

extension CAMPPlus: GraphEncoder {
  package func describe(_ features: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    let lines = head.describe(features, in: &graph)
    let trunk = blocks.reduce(entry.describeRectified(lines, in: &graph)) { $1.describe($0, in: &graph) }
    let top = graph.add("Relu", topNormalization.describe(trunk, in: &graph))
    let embeddings = dense.describe(pooling.describe(top, in: &graph), in: &graph)
    return normalization.describe(embeddings, in: &graph)
  }
}
