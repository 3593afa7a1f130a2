/// ReDimNet2 (Yakovlev et al., "Reshape Dimensions Network for Speaker Recognition", Interspeech 2024, with time
/// pooling) in wespeaker's structure and with its parameter names (`models/redimnet2.py`): stages, each of which reads
/// the weighted sum of all maps before it as a map over height and time, and then its rows as a map over time alone.
/// Each stage may make the height smaller and the channels more, so that all maps have the same number of rows, and
/// halve the time.
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
    package var heightStride: Int { stages.heightStride }
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
      return (stem, ReDimNetStage.stages(sizes.stages, ReDimNet2Form(), first: first, layout: &layout))
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

/// ReDimNet2's stages, whose names are those of wespeaker (`models/redimnet2.py`).
private struct ReDimNet2Form: ReDimNetStageForm {
  /// The sum is the part 0, and the part behind it reads it as a map, which has no parameters.
  var firstPart: Int { 2 }

  func sum(_ stage: Int, rows: Int, layout: inout EncoderLayout) -> WeightedMapSum {
    layout.scope("stage\(stage)") { WeightedMapSum("0.w", maps: stage + 1, rows: rows, layout: &$0) }
  }

  func entry(
    _ name: String, inputs: Int, outputs: Int, stride: MapStride, layout: inout EncoderLayout
  ) -> any GraphLayer {
    PatchConvolution2D(
      name, inputs: inputs, outputs: outputs, groups: Self.divisor(inputs, outputs),
      kernel: (stride.height, stride.frames), layout: &layout)
  }

  func block(_ name: String, channels: Int, layout: inout EncoderLayout) -> any GraphLayer {
    SeparableResidualBlock(name, channels: channels, layout: &layout)
  }

  func narrowing(_ name: String, inputs: Int, outputs: Int, layout: inout EncoderLayout) -> any GraphLayer {
    MapProjection(name, inputs: inputs, outputs: outputs, layout: &layout)
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
