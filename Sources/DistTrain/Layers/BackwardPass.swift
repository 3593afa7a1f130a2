/// What a backward pass knows besides gradients and caches. The objectives' gradients travel together: a gradient of
/// activations has `objectives` times their columns, objective after objective.
package struct BackwardPass {
  /// The encoder's parameters, one flat buffer.
  package let parameters: UnsafeMutablePointer<Float>
  /// For each objective a flat buffer like the parameters', to which gradients are added.
  package let gradients: [UnsafeMutablePointer<Float>]
  /// The closure of the forward pass.
  package let combine: (inout [Double]) -> Void
  /// Takes an offset in the flat buffers at and after which all objectives' gradients are final. An encoder calls it on its
  /// way, as early and as often as it knows; everything is final once its backward pass returns.
  package let finished: (Int) -> Void
  /// What products of activations and of their gradients are multiplied in.
  package let precision: Precision

  package init(
    parameters: UnsafeMutablePointer<Float>, gradients: [UnsafeMutablePointer<Float>],
    combine: @escaping (inout [Double]) -> Void = { _ in }, finished: @escaping (Int) -> Void = { _ in },
    precision: Precision = .single
  ) {
    self.parameters = parameters
    self.gradients = gradients
    self.combine = combine
    self.finished = finished
    self.precision = precision
  }

  package var objectives: Int { gradients.count }

  func matrix(_ parameter: Parameter) -> MatrixView {
    let rows = parameter.shape[0]
    return MatrixView(parameters + parameter.offset, rows: rows, columns: parameter.count / rows)
  }

  func vector(_ parameter: Parameter) -> UnsafeMutablePointer<Float> { parameters + parameter.offset }

  /// Where an objective's gradient of a parameter goes, as a matrix whose rows are the first dimension.
  func gradient(_ parameter: Parameter, objective: Int) -> MatrixView {
    let rows = parameter.shape[0]
    return MatrixView(gradients[objective] + parameter.offset, rows: rows, columns: parameter.count / rows)
  }
}
