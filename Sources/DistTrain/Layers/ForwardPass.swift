/// What a pass through an encoder knows besides its input.
package struct ForwardPass {
  package enum Mode: Sendable {
    /// Normalisation by the batch's statistics; running statistics are updated.
    case training
    /// Normalisation by running statistics.
    case inference
  }

  package let mode: Mode
  /// The encoder's parameters, one flat buffer.
  package let parameters: UnsafeMutablePointer<Float>
  /// The encoder's running statistics, one flat buffer.
  package let statistics: UnsafeMutablePointer<Float>
  /// Sums numbers over everything that shares batch statistics: all ranks, or this one alone.
  package let combine: (inout [Double]) -> Void
  /// What products of activations and of their gradients are multiplied in.
  package let precision: Precision

  package init(
    mode: Mode, parameters: UnsafeMutablePointer<Float>, statistics: UnsafeMutablePointer<Float>,
    combine: @escaping (inout [Double]) -> Void = { _ in }, precision: Precision = .single
  ) {
    self.mode = mode
    self.parameters = parameters
    self.statistics = statistics
    self.combine = combine
    self.precision = precision
  }

  /// A parameter as a matrix whose rows are its first dimension.
  func matrix(_ parameter: Parameter) -> MatrixView {
    let rows = parameter.shape[0]
    return MatrixView(parameters + parameter.offset, rows: rows, columns: parameter.count / rows)
  }

  func vector(_ parameter: Parameter) -> UnsafeMutablePointer<Float> { parameters + parameter.offset }
}
