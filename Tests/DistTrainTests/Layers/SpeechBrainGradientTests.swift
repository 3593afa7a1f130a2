import DistTrain
import Testing

/// Backward passes of the parts that SpeechBrain's layout alone has, against central differences.
@Suite struct SpeechBrainGradientTests {
  /// The last is as short as a reflection of four frames may be.
  private static let shapes = [
    LayerProbe.Shape(utterances: 3, frames: 7), LayerProbe.Shape(utterances: 1, frames: 9),
    LayerProbe.Shape(utterances: 2, frames: 5),
  ]

  private func input(_ channels: Int, _ shape: LayerProbe.Shape) -> Matrix {
    LayerProbe.normal(channels, shape.utterances * shape.frames, item: 3)
  }

  @Test(arguments: [(1, 1), (5, 1), (3, 2), (3, 4)], shapes)
  func `a convolution over reflections`(kernel: (frames: Int, dilation: Int), shape: LayerProbe.Shape) {
    for mode in shape.modes {
      var layout = EncoderLayout()
      let layer = ConvolutionBlock(
        convolution: "c", normalization: "n", inputs: 3, outputs: 4, kernel: kernel.frames, dilation: kernel.dilation,
        padding: .reflection, layout: &layout)
      LayerProbe(layer, layout, shape.grid, input: input(3, shape)).check(mode, within: 3e-2, floor: 2e-3)
    }
  }

  @Test(arguments: shapes)
  func `a Res2 block that passes the first chunk on`(shape: LayerProbe.Shape) {
    for mode in shape.modes {
      var layout = EncoderLayout()
      let chunks = (0..<3).map { index in
        ConvolutionBlock(
          convolution: "c\(index)", normalization: "n\(index)", inputs: 2, outputs: 2, kernel: 3, dilation: 2,
          padding: .reflection, layout: &layout)
      }
      let layer = Res2Block(chunks, passing: .first)
      LayerProbe(layer, layout, shape.grid, input: input(8, shape)).check(mode, within: 3e-2, floor: 5e-3)
    }
  }

  @Test(arguments: [true, false], shapes)
  func `pooling with a normalised attention`(globalContext: Bool, shape: LayerProbe.Shape) {
    for mode in shape.modes {
      var layout = EncoderLayout()
      let layer = NormalizedAttentionPooling(
        "p", channels: 5, bottleneck: 4, globalContext: globalContext, layout: &layout)
      LayerProbe(layer, layout, shape.grid, input: input(5, shape)).check(mode, step: 0.003, within: 3e-2, floor: 2e-3)
    }
  }
}
