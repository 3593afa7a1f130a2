/// What a backward pass knows besides gradients and caches. The objectives' gradients travel together: a gradient of
/// activations has `objectives` times their columns, objective after objective.
public struct BackwardPass {
  /// The encoder's parameters, one flat buffer.
  package let parameters: Matrix
  /// For each objective and each of the units' nodes a flat buffer like the parameters', to which gradients are added. A
  /// parameter's gradient begins with zeros and is added once: what was there before would not be part of the tree.
  private let gradients: [[Matrix]]
  /// How sums over the batch are made.
  package let units: BatchUnits
  /// The closure of the forward pass.
  private let combine: BatchSum?
  private let finished: (Int) -> Void
  private var progress: GradientProgress?
  /// What products of activations and of their gradients are multiplied in.
  package let precision: Precision

  /// - Parameter finished: takes, whenever there are more of them, the offset in the flat buffers at and after which all
  ///   objectives' gradients of an encoder's parameters are final. All are once the encoder's pullback returns.
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

  /// The same pass through what is laid out so, of whose gradients it tells which are final.
  package func through(_ layout: EncoderLayout) -> BackwardPass {
    var pass = self
    pass.progress = GradientProgress(layout.parameters, objectives: objectives, finished: finished)
    return pass
  }

  public var objectives: Int { gradients.count }

  /// Sums over everything that shares batch statistics, from the units' numbers, `width` each.
  func total(_ values: [Double], width: Int) -> [Double] {
    combine?(values, width) ?? units.total(values, width: width)
  }

  func matrix(_ parameter: Parameter) -> MatrixView { parameter.matrix(in: parameters) }

  func vector(_ parameter: Parameter) -> SharedMemory<Float> { SharedMemory(parameters.pointer + parameter.offset) }

  /// Adds an objective's gradient of a parameter, all of it at once.
  /// - Parameter add: adds to matrices whose rows are the parameter's first dimension, one for each node.
  func add(to parameter: Parameter, objective: Int, _ add: (_ nodes: [MatrixView]) -> Void) {
    add(gradients[objective].map { parameter.matrix(in: $0) })
    progress?.added(parameter)
  }

  /// Adds to an objective's gradient of a vector what each unit brings.
  func add(_ parameter: Parameter, objective: Int, _ share: (_ unit: Int, _ index: Int) -> Float) {
    add(to: parameter, objective: objective) { targets in
      for (node, target) in zip(units.nodes, targets) {
        for index in 0..<parameter.count {
          target.pointer[index] += SumTree.sum(of: node) {
            share($0, index)
          } adding: {
            $0 + $1
          }
        }
      }
    }
  }
}

/// How far a backward pass has come: from which offset on all gradients are final. It follows from what is added, in
/// whatever order.
private final class GradientProgress {
  private let parameters: [Parameter]
  /// Objectives of each parameter whose gradient is not added yet.
  private var missing: [Int]
  /// The first of the parameters that are final to the last one.
  private var first: Int
  private let finished: (Int) -> Void

  init(_ layout: ParameterLayout, objectives: Int, finished: @escaping (Int) -> Void) {
    parameters = layout.parameters
    missing = Array(repeating: objectives, count: parameters.count)
    first = parameters.count
    self.finished = finished
  }

  /// An objective's gradient of a parameter is added.
  func added(_ parameter: Parameter) {
    guard let index = parameters.firstIndex(where: { $0.offset == parameter.offset }) else {
      preconditionFailure("\(parameter.name) is not of this layout")
    }
    precondition(missing[index] > 0, "the gradient of \(parameter.name) is added twice")
    missing[index] -= 1
    let before = first
    while first > 0 && missing[first - 1] == 0 { first -= 1 }
    if first < before { finished(parameters[first].offset) }
  }
}
