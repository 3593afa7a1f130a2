/// The distribution from which the weights of a linear map or a convolution are drawn at the start.
public enum WeightStart: Sendable {
  /// Uniform in ± 1/√fan-in, weights and biases alike: PyTorch's default.
  case uniform
  /// Normal with variance 2/fan-in, and biases 0 (He, Zhang, Ren and Sun 2015, section 2.2).
  case normal

  /// - Parameter count: the weight's fan-in, the number of terms of each sum.
  func weight(inputs count: Int) -> Parameter.Initialisation {
    switch self {
    case .uniform: .uniform(bound: 1 / Float(count).squareRoot())
    case .normal: .normal(deviation: (2 / Float(count)).squareRoot())
    }
  }

  /// - Parameter count: the fan-in of the weight beside the bias.
  func bias(inputs count: Int) -> Parameter.Initialisation {
    switch self {
    case .uniform: weight(inputs: count)
    case .normal: .constant(0)
    }
  }
}

extension EncoderLayout {
  /// Lays out a convolution's `weight`, whose first dimension are the outputs, and `bias` [outputs], which start
  /// uniform.
  /// - Parameter name: the scope of both.
  mutating func kernels(_ name: String, shape: [Int]) -> (weight: Parameter, bias: Parameter) {
    let inputs = shape.dropFirst().reduce(1, *)
    let start = WeightStart.uniform
    return scope(name) {
      (
        $0.parameter("weight", shape: shape, initialisation: start.weight(inputs: inputs), decays: true),
        $0.parameter("bias", shape: [shape[0]], initialisation: start.bias(inputs: inputs), decays: false)
      )
    }
  }
}
