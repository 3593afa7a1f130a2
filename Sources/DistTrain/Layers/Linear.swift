internal import CKernels

/// The map y = W·x + b of each column x, or y = W·x where it has no bias.
public struct Linear: Layer {
  /// The input, inputs × columns.
  public typealias Cache = MatrixView

  public let inputs: Int
  public let outputs: Int
  let weight: Parameter
  let bias: Parameter?
  private let perFrame: Bool

  /// - Parameters:
  ///   - name: the scope of `weight` [outputs, inputs] and `bias` [outputs].
  ///   - biased: whether there is a bias.
  ///   - kernel: whether the weight is stored as a convolution of one frame, [outputs, inputs, 1].
  ///   - perFrame: whether columns are frames, whose products have the pass's precision. Columns that are utterances
  ///     are few, and their products always have single precision.
  public init(
    _ name: String, inputs: Int, outputs: Int, biased: Bool = true, kernel: Bool = false, perFrame: Bool = false,
    start: WeightStart = .uniform, layout: inout EncoderLayout
  ) {
    self.perFrame = perFrame
    self.inputs = inputs
    self.outputs = outputs
    (weight, bias) = layout.scope(name) {
      let weight = $0.parameter(
        "weight", shape: kernel ? [outputs, inputs, 1] : [outputs, inputs],
        initialisation: start.weight(inputs: inputs), decays: true)
      guard biased else { return (weight, nil) }
      return (
        weight,
        $0.parameter("bias", shape: [outputs], initialisation: start.bias(inputs: inputs), decays: false)
      )
    }
  }

  private func precision(_ pass: Precision) -> Precision { perFrame ? pass : .single }

  public func forward(
    _ input: AffineView, _ grid: Grid, into memory: MatrixView, _ pass: ForwardPass
  ) -> (output: AffineView, cache: Cache) {
    let input = input.plain
    multiply(pass.factor(weight), input, into: memory, precision: precision(pass.precision))
    if let biases = bias.map(pass.vector) {
      inParallel(outputs) { ck_add_scalar(memory.row($0), memory.columns, biases[$0]) }
    }
    return (AffineView(memory), input)
  }

  public func backward(
    _ gradient: MatrixView, cache input: Cache, into inputGradient: MatrixView?, _ pass: BackwardPass
  ) {
    backward(gradient, cache: input, into: inputGradient, adding: false, pass)
  }

  /// Adds the gradients of weight and bias and writes that of the input.
  /// - Parameter adding: whether the input's gradient is added to the values in its memory.
  func backward(
    _ gradient: MatrixView, cache input: Cache, into inputGradient: MatrixView?, adding: Bool, _ pass: BackwardPass
  ) {
    let columns = input.columns
    for objective in 0..<pass.objectives {
      let own = gradient.columns(objective * columns..<(objective + 1) * columns)
      pass.add(to: weight, objective: objective) {
        addUnitProducts(own, transposed: input, units: pass.units, to: $0, precision: precision(pass.precision))
      }
    }
    if let bias { UnitSums(ofRows: gradient, pass).add(to: bias, pass) }
    guard let inputGradient else { return }
    multiply(
      transposed: pass.matrix(weight), gradient, into: inputGradient, adding: adding,
      precision: precision(pass.precision))
  }
}

extension Linear: GraphLayer {
  /// Adds the map of columns that are frames, or of pooled ones.
  package func describe(_ input: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    perFrame ? describe(ofFrames: input, in: &graph) : describe(ofPooled: input, in: &graph)
  }

  private func describe(ofPooled input: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    var weight = graph.trained(weight)
    if self.weight.shape.count == 3 { weight = graph.add("Squeeze", weight, graph.integers(2)) }
    let biases = bias.map { [graph.trained($0)] } ?? []
    return graph.add("Gemm", [input, weight] + biases, attributes: ["transB": 1])
  }

  /// Adds the map of [utterances, inputs, frames].
  func describe(ofFrames input: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value {
    var weight = graph.trained(weight)
    if self.weight.shape.count == 2 { weight = graph.add("Unsqueeze", weight, graph.integers(2)) }
    let biases = bias.map { [graph.trained($0)] } ?? []
    return graph.add("Conv", [input, weight] + biases)
  }
}
