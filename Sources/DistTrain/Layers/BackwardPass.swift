/// The parts of a backward pass besides gradients and caches.
///
/// The gradients of the objectives travel together: a gradient of activations has `objectives` times their columns, one
/// objective after another.
public struct BackwardPass {
  /// The encoder's parameters in one flat buffer.
  package let parameters: Matrix
  /// A flat buffer like the parameters' for each objective and each node of the units, to which gradients are added.
  /// The gradient of a parameter starts with zeros and is added once, since values that were there before would not be
  /// part of the tree.
  private let gradients: [[Matrix]]
  /// The units and nodes in which sums over the batch are made.
  package let units: BatchUnits
  /// The sum over everything that shares batch statistics, as in the forward pass; nil sums over `units` alone.
  private let combine: BatchSum?
  private let finished: (Int) -> Void
  private var progress: GradientProgress?
  /// The precision of products of activations and of their gradients.
  package let precision: Precision

  /// - Parameter finished: is called whenever more gradients are final, with the offset in the flat buffers from which
  ///   on all objectives' gradients of an encoder's parameters are final. All of them are final once the encoder's
  ///   pullback returns.
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

  /// A pass whose sums are over one unit of all utterances, with one buffer for each objective.
  package init(
    parameters: Matrix, gradients: [Matrix],
    finished: @escaping (Int) -> Void = { _ in }, precision: Precision = .single
  ) {
    self.init(
      parameters: parameters, gradients: gradients.map { [$0] }, units: .whole, finished: finished,
      precision: precision)
  }

  /// The same pass through the parameters of a layout, which reports from which offset on their gradients are final.
  package func through(_ layout: EncoderLayout) -> BackwardPass {
    var pass = self
    pass.progress = GradientProgress(layout.parameters, objectives: objectives, finished: finished)
    return pass
  }

  public var objectives: Int { gradients.count }

  /// The sums over everything that shares batch statistics.
  /// - Parameter values: `width` numbers of each of this rank's units, unit after unit.
  func total(_ values: [Double], width: Int) -> [Double] {
    combine?(values, width) ?? units.total(values, width: width)
  }

  func matrix(_ parameter: Parameter) -> MatrixView { parameter.matrix(in: parameters) }

  func vector(_ parameter: Parameter) -> SharedMemory<Float> { SharedMemory(parameters.pointer + parameter.offset) }

  /// Adds an objective's gradient of a parameter, all of it at once.
  /// - Parameter add: adds to one matrix for each node, whose rows are the parameter's first dimension.
  func add(to parameter: Parameter, objective: Int, _ add: (_ nodes: [MatrixView]) -> Void) {
    add(gradients[objective].map { parameter.matrix(in: $0) })
    progress?.added(parameter)
  }

  /// Adds the units' shares to an objective's gradient of a vector.
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

/// The progress of a backward pass: the offset from which on all gradients are final. It follows from the gradients
/// added so far, in any order.
private final class GradientProgress {
  private let parameters: [Parameter]
  /// The number of objectives whose gradient is not yet added, for each parameter.
  private var missing: [Int]
  /// The index from which on the gradients of all parameters are final.
  private var first: Int
  private let finished: (Int) -> Void

  init(_ layout: ParameterLayout, objectives: Int, finished: @escaping (Int) -> Void) {
    parameters = layout.parameters
    missing = Array(repeating: objectives, count: parameters.count)
    first = parameters.count
    self.finished = finished
  }

  /// Notes that an objective's gradient of a parameter has been added.
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
