/// The first map of a ReDimNet: a convolution of 3 × 3 over height and time with a bias, and a normalisation over the
/// channels of each element.
struct ReDimNetStem: Sendable {
  struct Cache {
    let convolution: BiasedConvolution2D.Cache
    let normalization: LayerNormalization.Cache
  }

  let convolution: BiasedConvolution2D
  let normalization: LayerNormalization

  /// - Parameter name: the scope of `0`, the convolution, and `1`, the normalisation.
  init(_ name: String, channels: Int, layout: inout EncoderLayout) {
    (convolution, normalization) = layout.scope(name) {
      (
        BiasedConvolution2D("0", inputs: 1, outputs: channels, kernel: 3, layout: &$0),
        LayerNormalization("1", channels: channels, epsilon: 1e-6, layout: &$0)
      )
    }
  }

  /// Computes the map, channels × the grid's columns.
  /// - Parameter features: the map of the features, 1 × the grid's columns.
  func forward(_ features: Matrix, _ grid: Grid, _ pass: ForwardPass) -> (output: MatrixView, cache: Cache) {
    let (product, convolutionCache) = convolution.forward(AffineView(features.view), grid, pass)
    let values = product.values
    let output = pass.keepsCaches ? Matrix(rows: values.rows, columns: values.columns).view : values
    let (_, cache) = normalization.forward(AffineView(values), grid, into: output, pass)
    return (output, Cache(convolution: convolutionCache, normalization: cache))
  }

  /// Adds the gradients of the parameters.
  /// - Parameter gradient: the gradient of the output, channels × (objectives · columns), which is overwritten.
  func backward(_ gradient: MatrixView, cache: Cache, _ pass: BackwardPass) {
    normalization.backward(gradient, cache: cache.normalization, into: gradient, pass)
    convolution.backward(gradient, cache: cache.convolution, into: nil, pass)
  }
}

extension ReDimNetStem {
  /// Adds the first map of a graph's map of features.
  func describe(_ features: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    normalization.describe(convolution.describe(features, in: &graph), axes: 4, in: &graph)
  }
}
