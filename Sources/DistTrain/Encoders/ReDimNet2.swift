/// ReDimNet2 (Yakovlev et al., "Reshape Dimensions Network for Speaker Recognition", Interspeech 2024, with time pooling) in
/// wespeaker's structure and with its parameter names (`models/redimnet2.py`): stages, each of which reads the weighted sum
/// of all maps before it as a map over height and time, and then its rows as a map over time alone. Each stage may make the
/// height smaller and the channels more, so that all maps have the same number of rows, and halve the time.
///
/// wespeaker repeats each frame of a map with fewer of them; here the sums read it as often (`WeightedMapSum`).
package struct ReDimNet2: Encoder {
  /// The sizes of an encoder. The defaults are those of wespeaker's B0 with a map over height and time at the end.
  package struct Sizes: Sendable, Equatable {
    package var bins = 72
    /// The number of channels of the first map.
    package var channels = 12
    package var stages = Size.b0.stages
    /// The number of channels that are pooled, or that many at each height; nil pools all rows of the sum.
    package var outputs: Int? = 64
    /// Whether the sum of all maps is read as a map over height and time.
    package var keepsHeight = true
    package var attentionBottleneck = 128
    package var embedding = 192

    package init() {}

    /// The sizes of a stage.
    package struct Stage: Sendable, Equatable {
      /// The factors by which the stage makes the height smaller, and the frames, which it halves or keeps.
      package let stride: MapStride
      /// The number of residual blocks.
      package let blocks: Int
      /// The channels of the residual blocks by those of the stage's map.
      package let expansion: Double
      /// The rows of the stage's map by the channels of the block over time.
      package let reduction: Int

      package init(height: Int = 1, frames: Int = 1, blocks: Int, expansion: Double = 1, reduction: Int) {
        stride = MapStride(height: height, frames: frames)
        self.blocks = blocks
        self.expansion = expansion
        self.reduction = reduction
      }
    }

    /// The factor by which all stages together make the height smaller, of which the number of bins is a multiple.
    package var heightStride: Int { stages.reduce(1) { $0 * $1.stride.height } }
  }

  package let layout: EncoderLayout
  package let sizes: Sizes
  private let stem: ReDimNetStem
  private let stages: [ReDimNetStage]
  private let top: ReDimNetTop

  package var bins: Int { sizes.bins }
  package var dimensions: Int { sizes.embedding }
  package var minimumFrames: Int { frameStride }
  /// The factor by which all stages together make the frames fewer. Frames beyond a multiple of it are left out.
  package var frameStride: Int { sizes.stages.reduce(1) { $0 * $1.stride.frames } }

  package init(_ sizes: Sizes) {
    precondition(sizes.bins % sizes.heightStride == 0, "bins are a multiple of \(sizes.heightStride)")
    self.sizes = sizes
    var layout = EncoderLayout()
    let first = MapRows(channels: sizes.channels, height: sizes.bins)
    (stem, stages) = layout.scope("backbone") { layout in
      let stem = ReDimNetStem("stem", channels: sizes.channels, layout: &layout)
      var stages: [ReDimNetStage] = []
      for (index, own) in sizes.stages.enumerated() {
        stages.append(
          ReDimNetStage(
            "stage\(index)", own, maps: index + 1, input: stages.last?.output ?? first,
            halvings: stages.last?.halvings ?? 0, layout: &layout))
      }
      return (stem, stages)
    }
    top = ReDimNetTop(sizes, maps: stages.count + 1, last: stages.last?.output ?? first, layout: &layout)
    self.layout = layout
  }

  package func encode(
    _ features: Matrix, utterances: Int, _ pass: ForwardPass
  ) -> (embeddings: Matrix, pullback: Pullback) {
    precondition(features.rows == bins, "\(bins) features a frame expected, not \(features.rows)")
    let frames = features.columns / utterances / frameStride * frameStride
    precondition(frames > 0, "\(minimumFrames) frames at least")
    let grid = Grid(utterances: utterances, height: bins, frames: frames)
    let (first, stemCache) = stem.forward(grid.map(of: features.view), grid, pass)
    var maps = [WeightedMapSum.Source(first, MapRows(channels: sizes.channels, height: bins))]
    var caches: [ReDimNetStage.Cache] = []
    for stage in stages {
      let (map, cache) = stage.forward(maps, utterances: utterances, frames: frames, pass)
      if let cache { caches.append(cache) }
      maps.append(WeightedMapSum.Source(map, MapRows(channels: map.rows), halvings: stage.halvings))
    }
    let (embeddings, topCache) = top.forward(maps, utterances: utterances, frames: frames, pass)
    let pullback = Pullback(layout) { [maps, caches] gradient, pass in
      precondition(caches.count == stages.count, "a pass that kept no caches has no way back")
      var gradients = maps.map {
        Matrix(rows: $0.values.rows, columns: pass.objectives * $0.values.columns).view
      }
      top.backward(gradient.view, cache: topCache, into: gradients, pass)
      for (stage, cache) in zip(stages, caches).reversed() {
        stage.backward(gradients.removeLast(), cache: cache, addingTo: gradients, pass)
      }
      stem.backward(gradients[0], cache: stemCache, pass)
    }
    return (embeddings.transposed, pullback)
  }
}
