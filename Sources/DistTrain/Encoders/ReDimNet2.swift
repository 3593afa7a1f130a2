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

    /// The sizes of a stage; the reduction is given for all.
    package typealias Stage = ReDimNetStage.Sizes

    /// The factor by which all stages together make the height smaller, of which the number of bins is a multiple.
    package var heightStride: Int { stages.reduce(1) { $0 * $1.stride.height } }
  }

  package let layout: EncoderLayout
  package let sizes: Sizes
  private let trunk: ReDimNetTrunk

  package var bins: Int { sizes.bins }
  package var dimensions: Int { sizes.embedding }
  package var minimumFrames: Int { frameStride }
  /// The factor by which all stages together make the frames fewer. Frames beyond a multiple of it are left out.
  package var frameStride: Int { trunk.frameStride }

  package init(_ sizes: Sizes) {
    precondition(sizes.bins % sizes.heightStride == 0, "bins are a multiple of \(sizes.heightStride)")
    self.sizes = sizes
    var layout = EncoderLayout()
    let first = MapRows(channels: sizes.channels, height: sizes.bins)
    let (stem, stages) = layout.scope("backbone") { layout in
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
    let top = ReDimNetTop(sizes, maps: stages.count + 1, last: stages.last?.output ?? first, layout: &layout)
    trunk = ReDimNetTrunk(stem: stem, stages: stages, top: top, first: first)
    self.layout = layout
  }

  package func encode(
    _ features: Matrix, utterances: Int, _ pass: ForwardPass
  ) -> (embeddings: Matrix, pullback: Pullback) {
    trunk.encode(features, utterances: utterances, layout, pass)
  }
}

extension ReDimNetStage {
  /// A stage of ReDimNet2 with wespeaker's parameter names (`models/redimnet2.py`).
  /// - Parameters:
  ///   - name: the scope of the stage's parts, which are numbered.
  ///   - maps: the number of maps before the stage.
  ///   - input: the shape of the maps' sum.
  ///   - halvings: how often the stages before have halved the frames.
  fileprivate init(
    _ name: String, _ sizes: Sizes, maps: Int, input: MapRows, halvings: Int, layout: inout EncoderLayout
  ) {
    precondition(input.height % sizes.stride.height == 0, "\(input.height) lines in steps of \(sizes.stride.height)")
    precondition([1, 2].contains(sizes.stride.frames), "a stage halves the frames or keeps them")
    let halvings = halvings + sizes.stride.frames - 1
    let output = input.steppedOver(sizes.stride.height)
    let width = Int(Double(output.channels) * sizes.expansion)
    let kernel = (height: sizes.stride.height, frames: 1 << halvings)
    self = layout.scope(name) { layout in
      let sum = WeightedMapSum("0.w", maps: maps, rows: input.count, layout: &layout)
      let entry = PatchConvolution2D(
        "2", inputs: input.channels, outputs: width, groups: Self.divisor(input.channels, width), kernel: kernel,
        layout: &layout)
      let blocks = (0..<sizes.blocks).map {
        SeparableResidualBlock("\(3 + $0).conv_block", channels: width, layout: &layout)
      }
      var part = 3 + sizes.blocks
      var narrowing: MapProjection?
      if sizes.expansion != 1 {
        narrowing = MapProjection("\(part)", inputs: width, outputs: output.channels, layout: &layout)
        part += 1
      }
      // The part between them reads the map's rows, which has no parameters.
      let time = sizes.reduction.map {
        Self.timeBlock("\(part + 1)", output, reduction: $0, layout: &layout)
      }
      return ReDimNetStage(
        sum: sum, entry: entry, blocks: blocks, narrowing: narrowing, time: time, input: input, output: output,
        halvings: halvings)
    }
  }

  /// The largest divisor of both.
  private static func divisor(_ first: Int, _ second: Int) -> Int {
    second == 0 ? first : divisor(second, first % second)
  }
}

extension ReDimNet2: GraphEncoder {
  package func describe(_ features: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    trunk.describe(features, in: &graph)
  }
}
