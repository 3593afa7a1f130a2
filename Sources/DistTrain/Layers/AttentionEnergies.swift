/// The energies of an attention for each channel and frame, e = W₂·BN(relu(W₁·x + b₁)) + b₂.
struct AttentionEnergies: Sendable {
  struct Cache: Sendable {
    let block: ConvolutionBlock.Cache
    let map: Convolution1D.Cache
  }

  private let block: ConvolutionBlock
  private let map: Convolution1D

  /// - Parameters:
  ///   - hidden: the scope of W₁ and b₁, which have a kernel of one frame.
  ///   - normalization: the scope of the normalisation of the hidden units.
  ///   - energy: the scope of W₂ and b₂, which have a kernel of one frame.
  ///   - bottleneck: the number of hidden units.
  init(
    hidden: String, normalization: String, energy: String, channels: Int, bottleneck: Int, layout: inout EncoderLayout
  ) {
    block = ConvolutionBlock(
      convolution: hidden, normalization: normalization, inputs: channels, outputs: bottleneck, layout: &layout)
    map = Convolution1D(energy, inputs: bottleneck, outputs: channels, layout: &layout)
  }

  /// Computes the energies, channels × (utterances · frames).
  /// - Parameter input: the frames x, channels × (utterances · frames).
  func forward(_ input: MatrixView, _ grid: Grid, _ pass: ForwardPass) -> (energies: Matrix, cache: Cache) {
    let energies = Matrix(rows: map.outputs, columns: input.columns)
    let (hidden, blockCache) = block.forward(AffineView(input), grid, pass)
    let (_, mapCache) = map.forward(hidden, grid, into: energies.view, pass)
    return (energies, Cache(block: blockCache, map: mapCache))
  }

  /// Adds the gradients of the parameters, and turns the gradient of the energies, channels × (objectives · utterances
  /// · frames), into that of the frames x, in place.
  func backward(_ gradient: MatrixView, cache: Cache, _ pass: BackwardPass) {
    let hidden = Matrix(rows: map.inputs, columns: gradient.columns)
    map.backward(gradient, cache: cache.map, into: hidden.view, pass)
    block.backward(hidden.view, cache: cache.block, into: gradient, pass)
  }
}

extension AttentionEnergies {
  /// Adds the energies of frames.
  func describe(_ input: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    map.describe(block.describe(input, in: &graph), in: &graph)
  }
}
