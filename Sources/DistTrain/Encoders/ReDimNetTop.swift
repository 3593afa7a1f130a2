/// The end of a ReDimNet: the weighted sum of all maps, attentive statistics over time and the linear layer that makes
/// embeddings. A ReDimNet2 may have a convolution of one frame before the statistics, which makes the sum's rows fewer,
/// and has their normalisation behind them.
struct ReDimNetTop: Sendable {
  struct Cache {
    let sum: WeightedMapSum.Cache
    /// The way back through the convolution; nil where there is none.
    let head: LayerPullback?
    let pooling: AttentiveStatisticsPooling.Cache
    let normalization: BatchNormalization.Cache?
    let output: Linear.Cache
  }

  let sum: WeightedMapSum
  let head: Convolution1D?
  let pooling: AttentiveStatisticsPooling
  let normalization: BatchNormalization?
  let output: Linear
  /// The shape of the sum.
  let shape: MapRows

  /// Computes embeddings, dimensions × utterances.
  func forward(
    _ maps: [WeightedMapSum.Source], utterances: Int, frames: Int, _ pass: ForwardPass
  ) -> (output: Matrix, cache: Cache) {
    let (summed, sumCache) = sum.forward(maps, as: shape, utterances: utterances, frames: frames, pass)
    let map = shape.grid(utterances: utterances, frames: frames)
    let grid = Grid(utterances: utterances, frames: frames)
    let read = head.map { $0.apply(AffineView(summed), map, pass) }
    let top = read?.output ?? AffineView(summed)
    let (pooled, poolingCache) = pooling.forward(
      shape.height == 1 ? top : AffineView(map.lines(of: top).view), grid, pass)
    let normalized = normalization?.forward(pooled, grid.pooled, pass)
    let embeddings = Matrix(rows: output.outputs, columns: utterances)
    let (_, outputCache) = output.forward(normalized?.output ?? pooled, grid.pooled, into: embeddings.view, pass)
    let cache = Cache(
      sum: sumCache, head: read?.pullback, pooling: poolingCache, normalization: normalized?.cache,
      output: outputCache)
    return (embeddings, cache)
  }

  /// Adds the gradients of the parameters and writes those of the maps.
  /// - Parameter gradient: the gradient of the embeddings, dimensions × (objectives · utterances).
  func backward(_ gradient: MatrixView, cache: Cache, into gradients: [MatrixView], _ pass: BackwardPass) {
    let pooled = Matrix(rows: output.inputs, columns: gradient.columns).view
    output.backward(gradient, cache: cache.output, into: pooled, pass)
    if let normalization, let own = cache.normalization {
      normalization.backward(pooled, cache: own, into: pooled, pass)
    }
    let grid = shape.grid(utterances: pass.objectives * cache.sum.utterances, frames: cache.sum.frames)
    let lines = Matrix(rows: pooling.inputs, columns: grid.utterances * grid.frames).view
    pooling.backward(pooled, cache: cache.pooling, into: lines, pass)
    let top = shape.height == 1 ? lines : grid.map(of: lines).view
    let summed = cache.head.map { $0(top, pass).view } ?? top
    sum.backward(summed, cache: cache.sum, into: gradients, adding: false, pass)
  }
}

extension ReDimNetTop {
  /// The top of a ReDimNet2 with wespeaker's parameter names (`models/redimnet2.py`).
  /// - Parameters:
  ///   - maps: the number of maps.
  ///   - last: the shape of the last stage's map.
  init(_ sizes: ReDimNet2.Sizes, maps: Int, last: MapRows, layout: inout EncoderLayout) {
    let shape = sizes.keepsHeight ? last : MapRows(channels: last.count)
    let (sum, head) = layout.scope("backbone") { layout in
      let sum = WeightedMapSum("fin_wght1d.w", maps: maps, rows: shape.count, layout: &layout)
      let head = sizes.outputs.map {
        sizes.keepsHeight
          ? Convolution1D(ofMaps: "head", inputs: shape.channels, outputs: $0, layout: &layout)
          : Convolution1D("head", inputs: shape.channels, outputs: $0, layout: &layout)
      }
      return (sum, head)
    }
    let channels = (sizes.outputs ?? shape.channels) * shape.height
    self.init(
      sum: sum, head: head,
      pooling: AttentiveStatisticsPooling(
        "pool", channels: channels, bottleneck: sizes.attentionBottleneck, globalContext: true, layout: &layout),
      normalization: BatchNormalization("bn", channels: 2 * channels, layout: &layout),
      output: Linear("linear", inputs: 2 * channels, outputs: sizes.embedding, layout: &layout), shape: shape)
  }
}

extension ReDimNetTop {
  /// Adds the top over maps whose rows are [utterances, rows, frames].
  func describe(_ maps: [EncoderGraph.Value], in graph: inout EncoderGraph) -> EncoderGraph.Value {
    var top = sum.describe(maps, in: &graph)
    let readsMap = shape.height > 1 || head?.weight.shape.count == 4
    if readsMap { top = shape.describeMap(of: top, in: &graph) }
    if let head { top = head.describe(top, in: &graph) }
    if readsMap { top = graph.lines(of: top, rows: pooling.inputs) }
    let pooled = pooling.describe(top, in: &graph)
    return output.describe(normalization?.describe(pooled, in: &graph) ?? pooled, in: &graph)
  }
}
