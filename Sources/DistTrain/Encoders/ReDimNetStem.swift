internal import CKernels

/// The first map of a ReDimNet: a convolution of 3 × 3 over height and time with a bias, and a normalisation over the
/// channels of each element.
struct ReDimNetStem: Sendable {
  struct Cache {
    let convolution: Convolution2D.Cache
    let normalization: LayerNormalization.Cache
  }

  let convolution: Convolution2D
  let bias: Parameter
  let normalization: LayerNormalization

  /// - Parameter name: the scope of `0`, the convolution, and `1`, the normalisation.
  init(_ name: String, channels: Int, layout: inout EncoderLayout) {
    (convolution, bias, normalization) = layout.scope(name) { layout in
      let convolution = Convolution2D("0", inputs: 1, outputs: channels, kernel: 3, layout: &layout)
      let bias = layout.scope("0") {
        $0.parameter(
          "bias", shape: [channels], initialisation: WeightStart.uniform.bias(inputs: 9), decays: false)
      }
      return (convolution, bias, LayerNormalization("1", channels: channels, epsilon: 1e-6, layout: &layout))
    }
  }

  /// Computes the map, channels × the grid's columns.
  /// - Parameter features: the map of the features, 1 × the grid's columns.
  func forward(_ features: Matrix, _ grid: Grid, _ pass: ForwardPass) -> (output: MatrixView, cache: Cache) {
    let (product, convolutionCache) = convolution.forward(AffineView(features.view), grid, pass)
    let (biases, values) = (pass.vector(bias), product.values)
    inParallel(values.rows) { ck_add_scalar(values.row($0), values.columns, biases[$0]) }
    let output = pass.keepsCaches ? Matrix(rows: values.rows, columns: values.columns).view : values
    let (_, cache) = normalization.forward(AffineView(values), grid, into: output, pass)
    return (output, Cache(convolution: convolutionCache, normalization: cache))
  }

  /// Adds the gradients of the parameters.
  /// - Parameter gradient: the gradient of the output, channels × (objectives · columns), which is overwritten.
  func backward(_ gradient: MatrixView, cache: Cache, _ pass: BackwardPass) {
    normalization.backward(gradient, cache: cache.normalization, into: gradient, pass)
    UnitSums(ofRows: gradient, pass).add(to: bias, pass)
    convolution.backward(gradient, cache: cache.convolution, into: nil, pass)
  }
}
