/// A stage of a ReDimNet: the weighted sum of all maps before it, read as a map over height and time, a convolution that
/// strides over it, residual blocks, and a block over time alone that reads the map's rows.
struct ReDimNetStage: Sendable {
  struct Cache {
    let map: MapCache
    let time: TimeBlock.Cache
    /// The grid of the stage's map.
    let grid: Grid
  }

  /// The caches of what is over height and time.
  struct MapCache {
    let sum: WeightedMapSum.Cache
    let patches: PatchConvolution2D.Cache
    let blocks: [SeparableResidualBlock.Cache]
    let projection: MapProjection.Cache?
  }

  private let sum: WeightedMapSum
  private let patches: PatchConvolution2D
  private let blocks: [SeparableResidualBlock]
  private let projection: MapProjection?
  private let time: TimeBlock
  /// The shape of the stage's input.
  private let input: MapRows
  /// The shape of the map within the stage, as its blocks leave it.
  let output: MapRows
  /// How often the stage's map has half the frames of the encoder's input.
  let halvings: Int

  /// A stage with wespeaker's parameter names (`models/redimnet2.py`).
  /// - Parameters:
  ///   - name: the scope of the stage's parts, which are numbered.
  ///   - maps: the number of maps before the stage.
  ///   - input: the shape of the maps' sum.
  ///   - halvings: how often the stages before have halved the frames.
  init(
    _ name: String, _ sizes: ReDimNet2.Sizes.Stage, maps: Int, input: MapRows, halvings: Int,
    layout: inout EncoderLayout
  ) {
    precondition(input.height % sizes.stride.height == 0, "\(input.height) lines in steps of \(sizes.stride.height)")
    precondition([1, 2].contains(sizes.stride.frames), "a stage halves the frames or keeps them")
    self.input = input
    self.halvings = halvings + sizes.stride.frames - 1
    let output = MapRows(
      channels: input.channels * sizes.stride.height, height: input.height / sizes.stride.height)
    self.output = output
    let width = Int(Double(output.channels) * sizes.expansion)
    let kernel = (height: sizes.stride.height, frames: 1 << self.halvings)
    (sum, patches, blocks, projection, time) = layout.scope(name) { layout in
      let sum = WeightedMapSum("0", maps: maps, rows: input.count, layout: &layout)
      let patches = PatchConvolution2D(
        "2", inputs: input.channels, outputs: width, groups: Self.divisor(input.channels, width), kernel: kernel,
        layout: &layout)
      let blocks = (0..<sizes.blocks).map {
        SeparableResidualBlock("\(3 + $0).conv_block", channels: width, layout: &layout)
      }
      var part = 3 + sizes.blocks
      var projection: MapProjection?
      if sizes.expansion != 1 {
        projection = MapProjection("\(part)", inputs: width, outputs: output.channels, layout: &layout)
        part += 1
      }
      // The part between them reads the map's rows, which has no parameters.
      let time = TimeBlock(
        "\(part + 1)", channels: output.count, reduced: Self.reduced(output.count, by: sizes.reduction),
        layout: &layout)
      return (sum, patches, blocks, projection, time)
    }
  }

  /// The largest divisor of both.
  private static func divisor(_ first: Int, _ second: Int) -> Int {
    second == 0 ? first : divisor(second, first % second)
  }

  /// The channels of the block over time. Where its four heads would not have equally many, as with another number of bins
  /// than the published 72, they are fewer.
  private static func reduced(_ rows: Int, by reduction: Int) -> Int { max(rows / reduction / 4, 1) * 4 }

  /// Computes the stage's map, rows × (utterances · frames >> halvings).
  /// - Parameters:
  ///   - maps: the maps before the stage.
  ///   - frames: the number of frames of the encoder's input.
  /// - Returns: the map, and the cache, or nil if no way back follows.
  func forward(
    _ maps: [WeightedMapSum.Source], utterances: Int, frames: Int, _ pass: ForwardPass
  ) -> (output: MatrixView, cache: Cache?) {
    let grid = output.grid(utterances: utterances, frames: frames >> halvings)
    let (rows, own) = convolvedRows(maps, frames: frames, grid, pass)
    let (map, timeCache) = time.forward(
      AffineView(rows.view), Grid(utterances: utterances, frames: grid.frames), pass)
    return (map.plain, own.map { Cache(map: $0, time: timeCache, grid: grid) })
  }

  /// The rows of what the convolutions over height and time make of the maps, rows × (utterances · frames >> halvings).
  /// - Parameter grid: the grid of the stage's map.
  private func convolvedRows(
    _ maps: [WeightedMapSum.Source], frames: Int, _ grid: Grid, _ pass: ForwardPass
  ) -> (rows: Matrix, cache: MapCache?) {
    let (summed, sumCache) = sum.forward(maps, as: input, utterances: grid.utterances, frames: frames, pass)
    let whole = input.grid(utterances: grid.utterances, frames: frames)
    let (entry, patchesCache) = patches.forward(AffineView(summed), whole, pass)
    var current = entry
    var caches: [SeparableResidualBlock.Cache] = []
    for block in blocks {
      let (next, cache) = block.forward(current, grid, pass)
      if pass.keepsCaches { caches.append(cache) }
      current = next
    }
    let projected = projection?.forward(current, grid, pass)
    let rows = output.rows(of: projected?.output ?? current, frames: grid.frames)
    guard pass.keepsCaches else { return (rows, nil) }
    return (rows, MapCache(sum: sumCache, patches: patchesCache, blocks: caches, projection: projected))
  }

  /// Adds the gradients of the parameters and of the maps before the stage.
  /// - Parameters:
  ///   - gradient: the gradient of the output, rows × (objectives · columns), which is overwritten.
  ///   - gradients: the gradient of each map before the stage, to which is added.
  func backward(_ gradient: MatrixView, cache: Cache, addingTo gradients: [MatrixView], _ pass: BackwardPass) {
    time.backward(gradient, cache: cache.time, into: gradient, pass)
    var current = output.map(of: gradient, frames: cache.grid.frames).view
    if let projection, let own = cache.map.projection {
      current = projection.backward(current, cache: own, pass)
    }
    for (block, own) in zip(blocks, cache.map.blocks).reversed() {
      block.backward(current, cache: own, into: current, pass)
    }
    let utterances = pass.objectives * cache.grid.utterances
    let whole = input.grid(utterances: utterances, frames: cache.grid.frames << halvings)
    let summed = Matrix(rows: input.channels, columns: whole.columns).view
    patches.backward(current, cache: cache.map.patches, into: summed, pass)
    sum.backward(summed, cache: cache.map.sum, into: gradients, adding: true, pass)
  }
}
