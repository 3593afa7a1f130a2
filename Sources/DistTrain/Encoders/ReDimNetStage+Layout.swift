/// What the stages of the ReDimNets do not have in common: their layers and the names of their parameters.
protocol ReDimNetStageForm {
  /// The number of a stage's first part, the convolution that strides.
  var firstPart: Int { get }

  /// The sum of the maps before a stage.
  /// - Parameter stage: the number of the stage, before which there is one map more.
  func sum(_ stage: Int, rows: Int, layout: inout EncoderLayout) -> WeightedMapSum

  /// The convolution whose kernel is its stride.
  /// - Parameter stride: the stage's step over height, and that of all stages so far over time, because the sum has the
  ///   frames of the encoder's input.
  func entry(
    _ name: String, inputs: Int, outputs: Int, stride: MapStride, layout: inout EncoderLayout
  ) -> any GraphLayer

  /// A residual block over height and time.
  func block(_ name: String, channels: Int, layout: inout EncoderLayout) -> any GraphLayer

  /// What makes another number of channels behind the blocks.
  func narrowing(_ name: String, inputs: Int, outputs: Int, layout: inout EncoderLayout) -> any GraphLayer
}

extension ReDimNetStage {
  /// Lays out the stages of an encoder.
  /// - Parameter first: the shape of the first map.
  static func stages(
    _ sizes: [Sizes], _ form: some ReDimNetStageForm, first: MapRows, layout: inout EncoderLayout
  ) -> [ReDimNetStage] {
    var stages: [ReDimNetStage] = []
    for (index, own) in sizes.enumerated() {
      stages.append(
        ReDimNetStage(
          index, own, form, input: stages.last?.output ?? first, halvings: stages.last?.halvings ?? 0,
          layout: &layout))
    }
    return stages
  }

  /// Lays out a stage, whose parts wespeaker numbers in the order in which they are computed.
  /// - Parameters:
  ///   - input: the shape of the maps' sum.
  ///   - halvings: how often the stages before have halved the frames.
  private init(
    _ index: Int, _ sizes: Sizes, _ form: some ReDimNetStageForm, input: MapRows, halvings: Int,
    layout: inout EncoderLayout
  ) {
    precondition(input.height % sizes.stride.height == 0, "\(input.height) lines in steps of \(sizes.stride.height)")
    precondition([1, 2].contains(sizes.stride.frames), "a stage halves the frames or keeps them")
    let halvings = halvings + sizes.stride.frames - 1
    let output = input.steppedOver(sizes.stride.height)
    let width = Int(Double(output.channels) * sizes.expansion)
    let sum = form.sum(index, rows: input.count, layout: &layout)
    self = layout.scope("stage\(index)") { layout in
      var part = form.firstPart
      let entry = form.entry(
        "\(part)", inputs: input.channels, outputs: width,
        stride: MapStride(height: sizes.stride.height, frames: 1 << halvings), layout: &layout)
      var blocks: [any GraphLayer] = []
      for _ in 0..<sizes.blocks {
        part += 1
        blocks.append(form.block("\(part).conv_block", channels: width, layout: &layout))
      }
      var narrowing: (any GraphLayer)?
      if sizes.expansion != 1 {
        part += 1
        narrowing = form.narrowing("\(part)", inputs: width, outputs: output.channels, layout: &layout)
      }
      // The part between them reads the map's rows, which has no parameters.
      let time = sizes.reduction.map { Self.timeBlock("\(part + 2)", output, reduction: $0, layout: &layout) }
      return ReDimNetStage(
        sum: sum, entry: entry, blocks: blocks, narrowing: narrowing, time: time, input: input, output: output,
        halvings: halvings)
    }
  }

  /// The block over time of maps of a shape. Where its four heads would not have equally many channels, as with another
  /// number of bins than the published one, they are fewer.
  /// - Parameter reduction: the rows of the maps by the channels of the block.
  private static func timeBlock(
    _ name: String, _ map: MapRows, reduction: Int, layout: inout EncoderLayout
  ) -> TimeBlock {
    TimeBlock(name, channels: map.count, reduced: max(map.count / reduction / 4, 1) * 4, layout: &layout)
  }
}
