/// The x-vector's time-delay network (Snyder et al., "X-Vectors: Robust DNN Embeddings for Speaker Recognition", ICASSP
/// 2018) in wespeaker's structure and with its parameter names (`models/tdnn.py`): five layers over frames, each a
/// convolution without padding, a ReLU and a normalisation without weight and bias, statistics over time, and two
/// linear layers, the second of which makes the embedding.
package struct XVector: Encoder {
  /// The sizes of an encoder. The defaults are wespeaker's.
  package struct Sizes: Sendable, Equatable {
    package var bins = 80
    /// The number of channels of all layers over frames but the last.
    package var channels = 512
    /// The number of channels whose statistics are taken.
    package var statistics = 1500
    package var embedding = 512
    package var pooling = TimePooling.tstp

    package init() {}
  }

  /// The kernels of the layers over frames and the distances of the frames that they see.
  private static let kernels: [(frames: Int, dilation: Int)] = [(5, 1), (3, 2), (3, 3), (1, 1), (1, 1)]

  package let layout: EncoderLayout
  package let sizes: Sizes
  private let blocks: [ConvolutionBlock]
  private let pooling: any GraphLayer
  private let head: EmbeddingHead

  package var bins: Int { sizes.bins }
  package var dimensions: Int { sizes.embedding }
  package var minimumFrames: Int { 1 + (lostFrames.last ?? 0) }
  /// The frames that the input and then each layer's output are short of.
  package var lostFrames: [Int] {
    blocks.reduce(into: [0]) { lost, block in lost.append(lost[lost.count - 1] + block.minimumFrames - 1) }
  }

  package init(_ sizes: Sizes) {
    self.sizes = sizes
    var layout = EncoderLayout()
    blocks = Self.kernels.enumerated().map { index, kernel in
      layout.scope("frame_\(index + 1)") {
        Self.block(
          kernel, inputs: index == 0 ? sizes.bins : sizes.channels,
          outputs: index == Self.kernels.count - 1 ? sizes.statistics : sizes.channels, layout: &$0)
      }
    }
    pooling = sizes.pooling.layer("pool", channels: sizes.statistics, layout: &layout)
    head = EmbeddingHead(inputs: pooling.outputs, outputs: sizes.embedding, twoLayers: true, layout: &layout)
    self.layout = layout
  }

  /// A layer over frames. Those of three frames take more than half of a step's multiplications and are computed by
  /// minimal filtering.
  private static func block(
    _ kernel: (frames: Int, dilation: Int), inputs: Int, outputs: Int, layout: inout EncoderLayout
  ) -> ConvolutionBlock {
    if kernel.frames == 3 {
      return ConvolutionBlock(
        filtering: "conv_1d", normalization: "bn", inputs: inputs, outputs: outputs, dilation: kernel.dilation,
        affine: false, layout: &layout)
    }
    return ConvolutionBlock(
      convolution: "conv_1d", normalization: "bn", inputs: inputs, outputs: outputs, kernel: kernel.frames,
      dilation: kernel.dilation, padding: .valid, affine: false, layout: &layout)
  }

  package func encode(
    _ features: Matrix, utterances: Int, _ pass: ForwardPass
  ) -> (embeddings: Matrix, pullback: Pullback) {
    precondition(features.rows == bins, "\(bins) features a frame expected, not \(features.rows)")
    var current = AffineView(features.view)
    var grid = Grid(utterances: utterances, frames: features.columns / utterances)
    var caches: [ConvolutionBlock.Cache] = []
    for block in blocks {
      let (output, cache) = block.forward(current, grid, pass)
      if pass.keepsCaches { caches.append(cache) }
      (current, grid) = (output, block.outputGrid(grid))
    }
    let top = grid
    let (pooled, backwardThroughPooling) = pooling.apply(current, top, pass)
    let embeddings = Matrix(rows: dimensions, columns: utterances)
    let (_, headCache) = head.forward(pooled, top.pooled, into: embeddings.view, pass)
    let pullback = Pullback(layout) { [caches] gradient, pass in
      precondition(caches.count == blocks.count, "a pass that kept no caches has no way back")
      let pooledGradient = Matrix(rows: head.inputs, columns: gradient.columns)
      head.backward(gradient.view, cache: headCache, into: pooledGradient.view, pass)
      backwardThroughFrames(pooledGradient.view, caches, backwardThroughPooling, pass)
    }
    return (embeddings.transposed, pullback)
  }

  /// Takes the gradient of the statistics back through the pooling and the layers over frames. No gradient is held
  /// longer than the layer before needs it.
  private func backwardThroughFrames(
    _ pooled: MatrixView, _ caches: [ConvolutionBlock.Cache], _ backwardThroughPooling: LayerPullback,
    _ pass: BackwardPass
  ) {
    var current = backwardThroughPooling(pooled, pass).view
    for index in blocks.indices.reversed() {
      let (block, cache) = (blocks[index], caches[index])
      guard index > 0 else { return block.backward(current, cache: cache, into: nil, pass) }
      let input = Matrix(rows: block.inputs, columns: pass.objectives * cache.grid.columns)
      block.backward(current, cache: cache, into: input.view, pass)
      current = input.view
    }
  }
}

extension XVector: GraphEncoder {
  package func describe(_ features: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    let top = blocks.reduce(features) { $1.describe($0, in: &graph) }
    return head.describe(pooling.describe(top, in: &graph), in: &graph)
  }
}
