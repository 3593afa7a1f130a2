internal import CKernels

/// A convolution over height and time with bias.
package struct BiasedConvolution2D: Layer {
  package typealias Cache = Convolution2D.Cache

  private let convolution: Convolution2D
  private let bias: Parameter
  package var inputs: Int { convolution.inputs }
  package var outputs: Int { convolution.outputs }

  /// - Parameters:
  ///   - name: the scope of `weight` [outputs, inputs, kernel, kernel] and `bias` [outputs].
  ///   - kernel: the number of lines, and of frames, of the kernel, which is odd.
  package init(_ name: String, inputs: Int, outputs: Int, kernel: Int, layout: inout EncoderLayout) {
    let convolution = Convolution2D(name, inputs: inputs, outputs: outputs, kernel: kernel, layout: &layout)
    self.init(convolution, name, layout: &layout)
  }

  /// A kernel of one frame that strides over height by all its lines.
  /// - Parameters:
  ///   - name: the scope of `weight` [outputs, inputs, lines, 1] and `bias` [outputs].
  ///   - lines: the number of lines of the kernel, of which a map has a multiple.
  package init(overLines name: String, inputs: Int, outputs: Int, lines: Int, layout: inout EncoderLayout) {
    let convolution = Convolution2D(overLines: name, inputs: inputs, outputs: outputs, lines: lines, layout: &layout)
    self.init(convolution, name, layout: &layout)
  }

  private init(_ convolution: Convolution2D, _ name: String, layout: inout EncoderLayout) {
    self.convolution = convolution
    let count = convolution.weight.count / convolution.outputs
    bias = layout.scope(name) {
      $0.parameter(
        "bias", shape: [convolution.outputs], initialisation: WeightStart.uniform.bias(inputs: count), decays: false)
    }
  }

  package func outputGrid(_ grid: Grid) -> Grid { convolution.outputGrid(grid) }

  package func forward(
    _ input: AffineView, _ grid: Grid, into memory: MatrixView, _ pass: ForwardPass
  ) -> (output: AffineView, cache: Cache) {
    let result = convolution.forward(input, grid, into: memory, pass)
    let biases = pass.vector(bias)
    inParallel(outputs) { ck_add_scalar(memory.row($0), memory.columns, biases[$0]) }
    return result
  }

  package func backward(
    _ gradient: MatrixView, cache: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass
  ) {
    UnitSums(ofRows: gradient, pass).add(to: bias, pass)
    convolution.backward(gradient, cache: cache, into: inputGradient, pass)
  }
}

extension BiasedConvolution2D: GraphLayer {
  package func describe(_ input: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    convolution.describe(input, bias: bias, in: &graph)
  }
}
