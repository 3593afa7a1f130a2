/// What a backward pass knows besides gradients and caches. The objectives' gradients travel together: a gradient of
/// activations has `objectives` times their columns, objective after objective.
package struct BackwardPass {
  /// The encoder's parameters, one flat buffer.
  package let parameters: Matrix
  /// For each objective and each of the units' nodes a flat buffer like the parameters', to which gradients are added. A
  /// parameter's gradient begins with zeros and is added once: what was there before would not be part of the tree.
  package let gradients: [[Matrix]]
  /// How sums over the batch are made.
  package let units: BatchUnits
  /// The closure of the forward pass.
  private let combine: BatchSum?
  /// Takes an offset in the flat buffers at and after which all objectives' gradients are final. An encoder calls it on its
  /// way, as early and as often as it knows; everything is final once its backward pass returns.
  package let finished: (Int) -> Void
  /// What products of activations and of their gradients are multiplied in.
  package let precision: Precision

  package init(
    parameters: Matrix, gradients: [[Matrix]], units: BatchUnits,
    combine: BatchSum? = nil, finished: @escaping (Int) -> Void = { _ in }, precision: Precision = .single
  ) {
    self.parameters = parameters
    self.gradients = gradients
    self.units = units
    self.combine = combine
    self.finished = finished
    self.precision = precision
  }

  /// A pass whose sums are over one unit of all utterances, with a buffer for each objective.
  package init(
    parameters: Matrix, gradients: [Matrix],
    finished: @escaping (Int) -> Void = { _ in }, precision: Precision = .single
  ) {
    self.init(
      parameters: parameters, gradients: gradients.map { [$0] }, units: .whole, finished: finished,
      precision: precision)
  }

  package var objectives: Int { gradients.count }

  /// Sums over everything that shares batch statistics, from the units' numbers, `width` each.
  func total(_ values: [Double], width: Int) -> [Double] {
    combine?(values, width) ?? units.total(values, width: width)
  }

  func matrix(_ parameter: Parameter) -> MatrixView {
    let rows = parameter.shape[0]
    return MatrixView(parameters.pointer + parameter.offset, rows: rows, columns: parameter.count / rows)
  }

  func vector(_ parameter: Parameter) -> UnsafeMutablePointer<Float> { parameters.pointer + parameter.offset }

  /// Where an objective's gradients of a parameter go, for each node a matrix whose rows are the first dimension.
  func gradients(_ parameter: Parameter, objective: Int) -> [MatrixView] {
    let rows = parameter.shape[0]
    return gradients[objective].map {
      MatrixView($0.pointer + parameter.offset, rows: rows, columns: parameter.count / rows)
    }
  }

  /// Adds to an objective's gradient of a vector what each unit brings.
  func add(_ parameter: Parameter, objective: Int, _ share: (_ unit: Int, _ index: Int) -> Float) {
    for (node, gradient) in zip(units.nodes, gradients[objective]) {
      let own = gradient.pointer + parameter.offset
      for index in 0..<parameter.count {
        own[index] += SumTree.sum(of: node) {
          share($0, index)
        } adding: {
          $0 + $1
        }
      }
    }
  }
}
