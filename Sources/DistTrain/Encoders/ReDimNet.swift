/// ReDimNet (Yakovlev et al., "Reshape Dimensions Network for Speaker Recognition", Interspeech 2024) in wespeaker's
/// structure and with its parameter names (`models/redimnet.py`): stages, each of which reads the weighted sum of all maps
/// before it as a map over height and time, and then, most of them, its rows as a map over time alone. Each stage may make
/// the height smaller and the channels more, so that all maps have the same number of rows.
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
    package var heightStride: Int { stages.reduce(1) { $0 * $1.stride.height } }
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
      var stages: [ReDimNetStage] = []
      for (index, own) in sizes.stages.enumerated() {
        stages.append(
          ReDimNetStage(index, own, sizes.blocks, input: stages.last?.output ?? first, layout: &layout))
      }
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

extension ReDimNetStage {
  /// A stage of the first ReDimNet with wespeaker's parameter names (`models/redimnet.py`).
  /// - Parameters:
  ///   - index: the number of the stage, before which there is one map more.
  ///   - input: the shape of the maps' sum.
  fileprivate init(
    _ index: Int, _ sizes: Sizes, _ form: ReDimNet.Blocks, input: MapRows, layout: inout EncoderLayout
  ) {
    precondition(input.height % sizes.stride.height == 0, "\(input.height) lines in steps of \(sizes.stride.height)")
    precondition(sizes.stride.frames == 1, "the first ReDimNet keeps the frames")
    let output = input.steppedOver(sizes.stride.height)
    let width = Int(Double(output.channels) * sizes.expansion)
    let weights = "inputs_weights.\(index)"
    let sum =
      index == 0
      ? WeightedMapSum(ofOneMap: weights, rows: input.count, layout: &layout)
      : WeightedMapSum(weights, maps: index + 1, rows: input.count, layout: &layout)
    self = layout.scope("stage\(index)") { layout in
      let entry = BiasedConvolution2D(
        overLines: "0", inputs: input.channels, outputs: width, lines: sizes.stride.height, layout: &layout)
      let blocks = (1..<1 + sizes.blocks).map { part -> any GraphLayer in
        let name = "\(part).conv_block"
        guard case .grouped = form else { return SeparableResidualBlock(name, channels: width, layout: &layout) }
        return ConvNeXtBlock(name, channels: width, groups: form.groups(width), layout: &layout)
      }
      var part = 1 + sizes.blocks
      var narrowing: ConvNeXtBlock<GroupedConvolution2D>?
      if sizes.expansion != 1 {
        narrowing = ConvNeXtBlock(
          "\(part)", inputs: width, outputs: output.channels, groups: form.groups(output.channels), layout: &layout)
        part += 1
      }
      // The part between them reads the map's rows, which has no parameters.
      let time = sizes.reduction.map {
        Self.timeBlock("\(part + 1)", output, reduction: $0, layout: &layout)
      }
      return ReDimNetStage(
        sum: sum, entry: entry, blocks: blocks, narrowing: narrowing, time: time, input: input, output: output,
        halvings: 0)
    }
  }
}

extension ReDimNet: GraphEncoder {
  package func describe(_ features: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    trunk.describe(features, in: &graph)
  }
}
