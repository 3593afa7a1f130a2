/// A stage of a ReDimNet: the weighted sum of all maps before it, read as a map over height and time, a convolution
/// that strides over it, residual blocks, and most often a block over time alone that reads the map's rows.
package struct ReDimNetStage: Sendable {
  /// The sizes of a stage.
  package struct Sizes: Sendable, Equatable {
    /// The factors by which the stage makes the height smaller, and the frames, which it halves or keeps.
    package let stride: MapStride
    /// The number of residual blocks.
    package let blocks: Int
    /// The channels of the residual blocks by those of the stage's map.
    package let expansion: Double
    /// The rows of the stage's map by the channels of the block over time; nil where there is no such block.
    package let reduction: Int?

    package init(height: Int = 1, frames: Int = 1, blocks: Int, expansion: Double = 1, reduction: Int?) {
      stride = MapStride(height: height, frames: frames)
      self.blocks = blocks
      self.expansion = expansion
      self.reduction = reduction
    }
  }

  struct Cache {
    let map: MapCache
    let time: TimeBlock.Cache?
    /// The grid of the stage's map.
    let grid: Grid
  }

  /// The ways back through what is over height and time.
  struct MapCache {
    let sum: WeightedMapSum.Cache
    let entry: LayerPullback
    let blocks: [Way]
    let narrowing: LayerPullback?
  }

  /// Takes the gradient of a block's output back to its input, in the same memory.
  typealias Way = (_ gradient: MatrixView, _ pass: BackwardPass) -> Void

  let sum: WeightedMapSum
  /// The convolution whose kernel is its stride.
  let entry: any GraphLayer
  /// The residual blocks, whose input's gradient may have the memory of the output's.
  let blocks: [any GraphLayer]
  /// What makes as many channels as the stage's map has; nil where the blocks have as many.
  let narrowing: (any GraphLayer)?
  let time: TimeBlock?
  /// The shape of the stage's input.
  let input: MapRows
  /// The shape of the map within the stage, as its blocks leave it.
  let output: MapRows
  /// How often the stage's map has half the frames of the encoder's input.
  let halvings: Int

  /// The shape in which the stage's map is stored.
  var stored: MapRows { time == nil ? output : MapRows(channels: output.count) }

  /// Computes the stage's map, in the shape `stored`.
  /// - Parameters:
  ///   - maps: the maps before the stage.
  ///   - frames: the number of frames of the encoder's input.
  /// - Returns: the map, and the cache, or nil if no way back follows.
  func forward(
    _ maps: [WeightedMapSum.Source], utterances: Int, frames: Int, _ pass: ForwardPass
  ) -> (output: MatrixView, cache: Cache?) {
    let grid = output.grid(utterances: utterances, frames: frames >> halvings)
    let (values, own) = convolved(maps, frames: frames, grid, pass)
    guard let time else { return (values, own.map { Cache(map: $0, time: nil, grid: grid) }) }
    let (map, timeCache) = time.forward(AffineView(values), Grid(utterances: utterances, frames: grid.frames), pass)
    return (map.plain, own.map { Cache(map: $0, time: timeCache, grid: grid) })
  }

  /// What the convolutions over height and time make of the maps, in the shape `stored`.
  /// - Parameter grid: the grid of the stage's map.
  private func convolved(
    _ maps: [WeightedMapSum.Source], frames: Int, _ grid: Grid, _ pass: ForwardPass
  ) -> (output: MatrixView, cache: MapCache?) {
    let (summed, sumCache) = sum.forward(maps, as: input, utterances: grid.utterances, frames: frames, pass)
    let whole = input.grid(utterances: grid.utterances, frames: frames)
    let (entered, wayBackOfEntry) = entry.apply(AffineView(summed), whole, pass)
    var current = entered
    var ways: [Way] = []
    for block in blocks {
      let (next, way) = Self.applyInPlace(block, current, grid, pass)
      if pass.keepsCaches { ways.append(way) }
      current = next
    }
    let narrowed = narrowing.map { $0.apply(current, grid, pass) }
    let last = narrowed?.output ?? current
    let values = time == nil ? last.plain : output.rows(of: last, frames: grid.frames).view
    guard pass.keepsCaches else { return (values, nil) }
    let cache = MapCache(sum: sumCache, entry: wayBackOfEntry, blocks: ways, narrowing: narrowed?.pullback)
    return (values, cache)
  }

  private static func applyInPlace(
    _ layer: some Layer, _ input: AffineView, _ grid: Grid, _ pass: ForwardPass
  ) -> (output: AffineView, way: Way) {
    let (output, cache) = layer.forward(input, grid, pass)
    return (output, { layer.backward($0, cache: cache, into: $0, $1) })
  }

  /// Adds the gradients of the parameters and of the maps before the stage.
  /// - Parameters:
  ///   - gradient: the gradient of the output, of its shape for each objective after the other, which is overwritten.
  ///   - gradients: the gradient of each map before the stage, to which is added.
  func backward(_ gradient: MatrixView, cache: Cache, addingTo gradients: [MatrixView], _ pass: BackwardPass) {
    var current = gradient
    if let time, let own = cache.time {
      time.backward(gradient, cache: own, into: gradient, pass)
      current = output.map(of: gradient, frames: cache.grid.frames).view
    }
    if let narrowing = cache.map.narrowing { current = narrowing(current, pass).view }
    for way in cache.map.blocks.reversed() { way(current, pass) }
    let summed = cache.map.entry(current, pass)
    sum.backward(summed.view, cache: cache.map.sum, into: gradients, adding: true, pass)
  }
}

extension [ReDimNetStage.Sizes] {
  /// The stages of an encoder, whose sizes are given by kind, one of each for every stage.
  /// - Parameters:
  ///   - halving: the numbers of the stages that halve the frames.
  ///   - expansions: those of the first stages; the others' are 1.
  static func stages(
    heights: [Int], halving: Set<Int> = [], blocks: [Int], expansions: [Double] = [], reductions: [Int?]
  ) -> Self {
    heights.indices.map {
      ReDimNetStage.Sizes(
        height: heights[$0], frames: halving.contains($0) ? 2 : 1, blocks: blocks[$0],
        expansion: $0 < expansions.count ? expansions[$0] : 1, reduction: reductions[$0])
    }
  }

  /// The factor by which all stages together make the height smaller.
  var heightStride: Int { reduce(1) { $0 * $1.stride.height } }
}

extension ReDimNetStage {
  /// Adds the stage of maps whose rows are [utterances, rows, frames], all with the frames of the encoder's input.
  /// - Returns: the rows of the stage's map, with as many frames.
  func describe(_ maps: [EncoderGraph.Value], in graph: inout EncoderGraph) -> EncoderGraph.Value {
    let map = input.describeMap(of: sum.describe(maps, in: &graph), in: &graph)
    var current = entry.describe(map, in: &graph)
    for block in blocks { current = block.describe(current, in: &graph) }
    if let narrowing { current = narrowing.describe(current, in: &graph) }
    let rows = output.describeRows(of: current, in: &graph)
    return graph.repeatingFrames(time?.describe(rows, in: &graph) ?? rows, 1 << halvings, rows: output.count)
  }
}

extension EncoderGraph {
  /// Each frame of [utterances, rows, frames] so many times.
  fileprivate mutating func repeatingFrames(_ value: Value, _ times: Int, rows: Int) -> Value {
    guard times > 1 else { return value }
    let columns = add("Unsqueeze", value, integers(3))
    let copies = add("Expand", columns, integers(1, 1, 1, times))
    return add("Reshape", copies, integers(0, rows, -1))
  }
}
