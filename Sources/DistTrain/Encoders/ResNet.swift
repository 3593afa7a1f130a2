/// ResNet for speakers (He, Zhang, Ren and Sun 2016; Zeinali et al. 2019) in wespeaker's structure and with its
/// parameter names (`models/resnet.py`): convolutions over frequency and time in four stages, the last three of which
/// halve both and double the channels, statistics over time, and a linear layer or two.
///
/// With gates in its blocks it has the parameter names of wespeaker's SimAM-ResNets (`models/samresnet.py`; Qin, Li,
/// Wang and Li, "Simple Attention Module Based Speaker Verification with Iterative Noisy Label Detection", ICASSP
/// 2022).
package struct ResNet: Encoder {
  /// The number of layers with weights, by which the family's networks are named.
  package enum Depth: Int, Sendable, CaseIterable {
    case layers18 = 18
    case layers34 = 34
    case layers50 = 50
    case layers100 = 100
    case layers101 = 101
    case layers152 = 152
    case layers221 = 221
    case layers293 = 293

    /// The number of blocks of each stage.
    var blocks: [Int] {
      switch self {
      case .layers18: [2, 2, 2, 2]
      case .layers34, .layers50: [3, 4, 6, 3]
      case .layers100: [6, 16, 24, 3]
      case .layers101: [3, 4, 23, 3]
      case .layers152: [3, 8, 36, 3]
      case .layers221: [6, 16, 48, 3]
      case .layers293: [10, 20, 64, 3]
      }
    }

    var form: ResidualBlock.Form {
      switch self {
      case .layers18, .layers34, .layers100: .basic
      default: .bottleneck
      }
    }
  }

  /// The gate that ends the path of a block.
  package enum Gate: String, Sendable, CaseIterable {
    case none
    /// The gate of `SimAMGate`.
    case simam
  }

  /// The sizes of an encoder. The defaults are wespeaker's.
  package struct Sizes: Sendable, Equatable {
    package var bins = 80
    package var depth = Depth.layers34
    /// The number of channels of the first stage.
    package var channels = 32
    package var embedding = 256
    /// Whether a second linear layer makes the embedding.
    package var twoLayers = false
    package var gate = Gate.none
    package var pooling = TimePooling.tstp

    package init() {}
  }

  package let layout: EncoderLayout
  package let sizes: Sizes
  private let entry: NormalizedConvolution2D
  private let blocks: ResidualBlocks
  private let pooling: any GraphLayer
  private let head: EmbeddingHead

  package var bins: Int { sizes.bins }
  package var dimensions: Int { sizes.embedding }
  package var minimumFrames: Int { 1 }
  /// Three of the stages halve the time.
  package var frameStride: Int { 8 }

  package init(_ sizes: Sizes) {
    self.sizes = sizes
    var layout = EncoderLayout()
    let gated = sizes.gate == .simam
    let front = gated ? "front." : ""
    entry = NormalizedConvolution2D(
      convolution: "\(front)conv1", normalization: "\(front)bn1", inputs: 1, outputs: sizes.channels, kernel: 3,
      layout: &layout)
    var blocks: [ResidualBlock] = []
    var grid = Grid(utterances: 1, height: sizes.bins, frames: 1)
    for (stage, count) in sizes.depth.blocks.enumerated() {
      for index in 0..<count {
        let steps = stage > 0 && index == 0 ? 2 : 1
        let block = ResidualBlock(
          "\(front)layer\(stage + 1).\(index)", form: sizes.depth.form, inputs: blocks.last?.outputs ?? sizes.channels,
          channels: sizes.channels << stage, stride: MapStride(height: steps, frames: steps), gated: gated,
          layout: &layout)
        blocks.append(block)
        grid = block.outputGrid(grid)
      }
    }
    self.blocks = ResidualBlocks(blocks)
    pooling = sizes.pooling.layer(
      gated ? "pooling" : "pool", channels: self.blocks.outputs, height: grid.height, layout: &layout)
    head = EmbeddingHead(
      gated ? "bottleneck" : "seg_1", inputs: pooling.outputs, outputs: sizes.embedding, twoLayers: sizes.twoLayers,
      layout: &layout)
    self.layout = layout
  }

  package func encode(
    _ features: Matrix, utterances: Int, _ pass: ForwardPass
  ) -> (embeddings: Matrix, pullback: Pullback) {
    precondition(features.rows == bins, "\(bins) features a frame expected, not \(features.rows)")
    let grid = Grid(utterances: utterances, height: bins, frames: features.columns / utterances)
    let (rectified, entryCache) = entry.forwardRectified(AffineView(grid.map(of: features.view).view), grid, pass)
    let (map, blocksCache) = blocks.forward(rectified, grid, pass)
    let top = blocksCache.outputGrid
    let (pooled, backwardThroughPooling) = pooling.apply(map, top, pass)
    let (embeddings, headCache) = head.forward(pooled, top.pooled, pass)
    let pullback = Pullback(layout) { gradient, pass in
      guard let entryCache else { preconditionFailure("a pass that kept no caches has no way back") }
      let pooledGradient = Matrix(rows: head.inputs, columns: gradient.columns)
      head.backward(gradient.view, cache: headCache, into: pooledGradient.view, pass)
      let topGradient = backwardThroughPooling(pooledGradient.view, pass)
      let entryGradient = blocks.backward(topGradient.view, cache: blocksCache, pass)
      entry.backwardBehindReLU(entryGradient, cache: entryCache, into: nil, adding: false, pass)
    }
    return (embeddings.stored().transposed, pullback)
  }
}

extension ResNet: GraphEncoder {
  package func describe(_ features: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    let map = graph.add("Unsqueeze", features, graph.integers(1))
    let top = blocks.describe(entry.describeRectified(map, in: &graph), in: &graph)
    return head.describe(pooling.describe(top, in: &graph), in: &graph)
  }
}
