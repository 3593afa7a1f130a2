/// ReDimNet (Yakovlev et al., "Reshape Dimensions Network for Speaker Recognition", Interspeech 2024) in wespeaker's
/// structure and with its parameter names (`models/redimnet.py`): stages, each of which reads the weighted sum of all
/// maps before it as a map over height and time, and then, most of them, its rows as a map over time alone. Each stage
/// may make the height smaller and the channels more, so that all maps have the same number of rows.
package struct ReDimNet: Encoder {
  /// The sizes of an encoder. The defaults are those of wespeaker's B0.
  package struct Sizes: Sendable, Equatable {
    package var bins = 60
    /// The number of channels of the first map.
    package var channels = 10
    package var stages = Size.b0.stages
    package var blocks = Blocks.separable
    package var attentionBottleneck = 128
    package var embedding = 192

    package init() {}

    /// The sizes of a stage, all of which keep the frames.
    package typealias Stage = ReDimNetStage.Sizes

    /// The factor by which all stages together make the height smaller, of which the number of bins is a multiple.
    package var heightStride: Int { stages.heightStride }
  }

  /// The residual blocks over height and time.
  package enum Blocks: Sendable, Equatable {
    /// Two convolutions of single channels, each with one over the channels (`SeparableResidualBlock`).
    case separable
    /// A convolution of groups of so many channels and a product (`ConvNeXtBlock`).
    case grouped(Int)

    /// The channels of a group.
    private var divisor: Int {
      switch self {
      case .separable: 1
      case .grouped(let divisor): divisor
      }
    }

    /// The number of groups into which channels are divided, at least one.
    func groups(_ channels: Int) -> Int { max(channels / divisor, 1) }
  }

  package let layout: EncoderLayout
  package let sizes: Sizes
  private let trunk: ReDimNetTrunk

  package var bins: Int { sizes.bins }
  package var dimensions: Int { sizes.embedding }
  package var minimumFrames: Int { 1 }

  package init(_ sizes: Sizes) {
    precondition(sizes.bins % sizes.heightStride == 0, "bins are a multiple of \(sizes.heightStride)")
    self.sizes = sizes
    var layout = EncoderLayout()
    let first = MapRows(channels: sizes.channels, height: sizes.bins)
    let (stem, stages, sum) = layout.scope("backbone") { layout in
      let stem = ReDimNetStem("stem", channels: sizes.channels, layout: &layout)
      let form = ReDimNetForm(blocks: sizes.blocks)
      let stages = ReDimNetStage.stages(sizes.stages, form, first: first, layout: &layout)
      let sum = WeightedMapSum(
        "inputs_weights.\(stages.count)", maps: stages.count + 1, rows: first.count, layout: &layout)
      return (stem, stages, sum)
    }
    let top = ReDimNetTop(
      sum: sum, head: nil,
      pooling: AttentiveStatisticsPooling(
        "pool", channels: first.count, bottleneck: sizes.attentionBottleneck, globalContext: true, layout: &layout),
      normalization: nil,
      output: Linear("seg_1", inputs: 2 * first.count, outputs: sizes.embedding, layout: &layout),
      shape: MapRows(channels: first.count))
    trunk = ReDimNetTrunk(stem: stem, stages: stages, top: top, first: first)
    self.layout = layout
  }

  package func encode(
    _ features: Matrix, utterances: Int, _ pass: ForwardPass
  ) -> (embeddings: Matrix, pullback: Pullback) {
    trunk.encode(features, utterances: utterances, layout, pass)
  }
}

/// The first ReDimNet's stages, whose names are those of wespeaker (`models/redimnet.py`).
private struct ReDimNetForm: ReDimNetStageForm {
  let blocks: ReDimNet.Blocks

  var firstPart: Int { 0 }

  func sum(_ stage: Int, rows: Int, layout: inout EncoderLayout) -> WeightedMapSum {
    let name = "inputs_weights.\(stage)"
    return stage == 0
      ? WeightedMapSum(ofOneMap: name, rows: rows, layout: &layout)
      : WeightedMapSum(name, maps: stage + 1, rows: rows, layout: &layout)
  }

  func entry(
    _ name: String, inputs: Int, outputs: Int, stride: MapStride, layout: inout EncoderLayout
  ) -> any GraphLayer {
    precondition(stride.frames == 1, "the first ReDimNet keeps the frames")
    return BiasedConvolution2D(
      overLines: name, inputs: inputs, outputs: outputs, lines: stride.height, layout: &layout)
  }

  func block(_ name: String, channels: Int, layout: inout EncoderLayout) -> any GraphLayer {
    guard case .grouped = blocks else { return SeparableResidualBlock(name, channels: channels, layout: &layout) }
    return ConvNeXtBlock(name, channels: channels, groups: blocks.groups(channels), layout: &layout)
  }

  func narrowing(_ name: String, inputs: Int, outputs: Int, layout: inout EncoderLayout) -> any GraphLayer {
    ConvNeXtBlock(name, inputs: inputs, outputs: outputs, groups: blocks.groups(outputs), layout: &layout)
  }
}

extension ReDimNet: GraphEncoder {
  package func describe(_ features: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    trunk.describe(features, in: &graph)
  }
}
