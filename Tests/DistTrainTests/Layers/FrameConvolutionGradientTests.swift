import DistTrain
import Testing

/// Convolutions over frames and their blocks against central differences (`LayerProbe`).
@Suite struct FrameConvolutionGradientTests {
  @Test(arguments: [(1, 1), (3, 2)], LayerProbe.shapes)
  func `a convolution alone`(kernel: (frames: Int, dilation: Int), shape: LayerProbe.Shape) {
    var layout = EncoderLayout()
    let layer = Convolution1D(
      "c", inputs: 3, outputs: 4, kernel: kernel.frames, dilation: kernel.dilation, layout: &layout)
    LayerProbe(layer, layout, shape).check(.training, within: 1e-3)
  }

  @Test(arguments: [(1, 1), (5, 1), (3, 2), (3, 4)], LayerProbe.shapes)
  func `a convolution with ReLU and normalisation`(kernel: (frames: Int, dilation: Int), shape: LayerProbe.Shape) {
    for mode in shape.modes {
      var layout = EncoderLayout()
      let layer = ConvolutionBlock(
        convolution: "c", normalization: "n", inputs: 3, outputs: 4, kernel: kernel.frames, dilation: kernel.dilation,
        layout: &layout)
      LayerProbe(layer, layout, shape).check(mode, within: 3e-2, floor: 2e-3)
    }
  }

  /// The last of these lines have one place for the widest kernel.
  private static let unpadded = [
    LayerProbe.Shape(utterances: 3, frames: 9), LayerProbe.Shape(utterances: 1, frames: 15),
    LayerProbe.Shape(utterances: 8, frames: 7),
  ]

  @Test(arguments: [(1, 1), (5, 1), (3, 2), (3, 3)], unpadded)
  func `a convolution without padding`(kernel: (frames: Int, dilation: Int), shape: LayerProbe.Shape) {
    var layout = EncoderLayout()
    let layer = Convolution1D(
      "c", inputs: 3, outputs: 4, kernel: kernel.frames, dilation: kernel.dilation, padding: .valid, layout: &layout)
    LayerProbe(layer, layout, shape).check(.training, within: 1e-3)
  }

  @Test(arguments: [1, 2, 3], unpadded)
  func `a convolution without padding, by minimal filtering`(dilation: Int, shape: LayerProbe.Shape) {
    var layout = EncoderLayout()
    let layer = Convolution1D(filtering: "c", inputs: 3, outputs: 4, dilation: dilation, layout: &layout)
    #expect(layout.parameters.parameters.map(\.shape) == [[4, 3, 3], [4]])
    LayerProbe(layer, layout, shape).check(.training, within: 1e-3)
  }

  @Test(arguments: [(1, 1), (5, 1), (3, 3)], unpadded)
  func `a convolution without padding, with ReLU and a normalisation without weight and bias`(
    kernel: (frames: Int, dilation: Int), shape: LayerProbe.Shape
  ) {
    for mode in [ForwardPass.Mode.training, .inference] {
      var layout = EncoderLayout()
      let layer = ConvolutionBlock(
        convolution: "c", normalization: "n", inputs: 3, outputs: 4, kernel: kernel.frames, dilation: kernel.dilation,
        padding: .valid, affine: false, layout: &layout)
      #expect(layout.parameters.parameters.map(\.name) == ["c.weight", "c.bias"])
      LayerProbe(layer, layout, shape).check(mode, within: 3e-2, floor: 2e-3)
    }
  }
}
