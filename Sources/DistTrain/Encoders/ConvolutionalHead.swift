/// CAM++'s front-end convolution module (Wang et al. 2023, section 2.2): convolutions over frequency and time, with
/// four residual blocks among them, that halve the frequency three times and keep the time. The lines of the map that
/// they end with are the channels of what follows.
struct ConvolutionalHead: Sendable {
  struct Cache {
    /// The grid of the features' map.
    let grid: Grid
    let entry: NormalizedConvolution2D.Cache
    let blocks: ResidualBlocks.Cache
    let exit: NormalizedConvolution2D.Cache
  }

  private let entry: NormalizedConvolution2D
  private let blocks: ResidualBlocks
  private let exit: NormalizedConvolution2D
  /// The number of channels of the output.
  let outputs: Int

  /// A head with wespeaker's parameter names (FCM in `models/campplus.py`).
  /// - Parameters:
  ///   - name: the scope of `conv1`, `bn1`, `layer1`, `layer2`, `conv2` and `bn2`.
  ///   - channels: the number of channels of the maps.
  init(_ name: String, bins: Int, channels: Int, layout: inout EncoderLayout) {
    let halving = MapStride(height: 2)
    (entry, blocks, exit) = layout.scope(name) { layout in
      let entry = NormalizedConvolution2D(
        convolution: "conv1", normalization: "bn1", inputs: 1, outputs: channels, kernel: 3, layout: &layout)
      let blocks = ["layer1.0", "layer1.1", "layer2.0", "layer2.1"].map {
        ResidualBlock(
          $0, form: .basic, inputs: channels, channels: channels, stride: $0.hasSuffix("0") ? halving : MapStride(),
          layout: &layout)
      }
      let exit = NormalizedConvolution2D(
        convolution: "conv2", normalization: "bn2", inputs: channels, outputs: channels, kernel: 3, stride: halving,
        layout: &layout)
      return (entry, ResidualBlocks(blocks), exit)
    }
    let map = blocks.outputGrid(Grid(utterances: 1, height: bins, frames: 1))
    outputs = channels * exit.convolution.outputGrid(map).height
  }

  /// Computes the output, outputs × (utterances · frames).
  /// - Parameters:
  ///   - features: the features, bins × (utterances · frames).
  ///   - grid: the grid of their map.
  /// - Returns: the output, and the cache, or nil if no way back follows.
  func forward(_ features: Matrix, _ grid: Grid, _ pass: ForwardPass) -> (output: Matrix, cache: Cache?) {
    let (rectified, entryCache) = entry.forwardRectified(AffineView(grid.map(of: features.view).view), grid, pass)
    let (map, blocksCache) = blocks.forward(rectified, grid, pass)
    let exitCache = exit.forward(map, blocksCache.outputGrid, pass)
    let lines = exit.convolution.outputGrid(blocksCache.outputGrid).lines(of: exitCache.output.rectified)
    guard let entryCache, pass.keepsCaches else { return (lines, nil) }
    return (lines, Cache(grid: grid, entry: entryCache, blocks: blocksCache, exit: exitCache))
  }

  /// Adds the gradients of the parameters.
  /// - Parameter gradient: the gradient of the output, outputs × (objectives · utterances · frames).
  func backward(_ gradient: Matrix, cache: Cache, _ pass: BackwardPass) {
    let grid = Grid(
      utterances: pass.objectives * cache.grid.utterances, height: outputs / exit.convolution.outputs,
      frames: cache.grid.frames)
    let map = grid.map(of: gradient.view)
    let top = Matrix(
      rows: exit.convolution.inputs, columns: pass.objectives * cache.exit.convolution.grid.columns)
    exit.backwardBehindReLU(map.view, cache: cache.exit, into: top.view, adding: false, pass)
    let rectified = blocks.backward(top.view, cache: cache.blocks, pass)
    entry.backwardBehindReLU(rectified, cache: cache.entry, into: nil, adding: false, pass)
  }
}

extension ConvolutionalHead {
  /// Adds the head of a graph's features, [utterances, bins, frames].
  func describe(_ features: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    let map = graph.add("Unsqueeze", features, graph.integers(1))
    let middle = blocks.describe(entry.describeRectified(map, in: &graph), in: &graph)
    return graph.lines(of: exit.describeRectified(middle, in: &graph), rows: outputs)
  }
}
