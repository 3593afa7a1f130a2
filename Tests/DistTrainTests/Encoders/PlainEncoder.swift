import DistTrain

/// An encoder of one's own, of the library's layers: a convolution over frames, normalised, pooled by an attention and
/// mapped to embeddings.
struct PlainEncoder: Encoder {
  static let architecture = EncoderArchitecture(
    name: "plain",
    settings: [
      .number("width", 12, "channels of the convolution", from: 2), .truth("wide", false, "five frames, not three"),
    ]
  ) { own, bins, dimensions in
    PlainEncoder(bins: bins, dimensions: dimensions, width: own.number("width"), kernel: own.truth("wide") ? 5 : 3)
  }

  let layout: EncoderLayout
  let bins: Int
  let dimensions: Int
  private let convolution: Convolution1D
  private let normalization: BatchNormalization
  private let pooling: NormalizedAttentionPooling
  private let output: Linear

  var minimumFrames: Int { convolution.minimumFrames }

  init(bins: Int, dimensions: Int, width: Int, kernel: Int = 3) {
    self.bins = bins
    self.dimensions = dimensions
    var layout = EncoderLayout()
    (convolution, normalization) = layout.scope("entry") {
      (
        Convolution1D("conv", inputs: bins, outputs: width, kernel: kernel, padding: .reflection, layout: &$0),
        BatchNormalization("norm", channels: width, layout: &$0)
      )
    }
    pooling = NormalizedAttentionPooling("pool", channels: width, bottleneck: 4, globalContext: true, layout: &layout)
    output = Linear("output", inputs: 2 * width, outputs: dimensions, layout: &layout)
    self.layout = layout
  }

  func encode(_ features: Matrix, utterances: Int, _ pass: ForwardPass) -> (embeddings: Matrix, pullback: Pullback) {
    let grid = Grid(utterances: utterances, frames: features.columns / utterances)
    let (convolved, convolutionCache) = convolution.forward(AffineView(features.view), grid, pass)
    let (normalized, normalizationCache) = normalization.forward(convolved, grid, pass)
    let (pooled, poolingCache) = pooling.forward(normalized, grid, pass)
    let (embeddings, outputCache) = output.forward(pooled, grid.pooled, pass)
    let pullback = Pullback(layout) { gradient, pass in
      let pooled = Matrix(rows: output.inputs, columns: gradient.columns)
      output.backward(gradient.view, cache: outputCache, into: pooled.view, pass)
      let normalized = Matrix(rows: pooling.inputs, columns: pass.objectives * grid.columns)
      pooling.backward(pooled.view, cache: poolingCache, into: normalized.view, pass)
      normalization.backward(normalized.view, cache: normalizationCache, into: normalized.view, pass)
      convolution.backward(normalized.view, cache: convolutionCache, into: nil, pass)
    }
    return (embeddings.stored().transposed, pullback)
  }
}
