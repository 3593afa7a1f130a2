/// Sums numbers over everything that shares batch statistics, which is all ranks or this one alone. It takes `width`
/// numbers of each of the rank's units and gives the `width` sums.
package typealias BatchSum = (_ values: [Double], _ width: Int) -> [Double]

/// The parts of a pass through an encoder besides its input.
public struct ForwardPass {
  /// The use of batch statistics and running statistics.
  public enum Mode: Sendable {
    /// Normalises by the batch's statistics and updates the running statistics.
    case training
    /// Normalises by the running statistics.
    case inference
  }

  package let mode: Mode
  /// The encoder's parameters in one flat buffer.
  package let parameters: Matrix
  /// The encoder's running statistics in one flat buffer.
  package let statistics: Matrix
  /// The units and nodes in which sums over the batch are made.
  package let units: BatchUnits
  private let combine: BatchSum?
  /// The share of the batch's statistics in the running ones that it updates; 1 makes them the batch's own.
  let momentum: Double
  /// The precision of products of activations and of their gradients.
  package let precision: Precision
  /// Whether a way back may follow. An encoder that runs without one need not hold its layers' caches, which are most
  /// of a long utterance's memory.
  package let keepsCaches: Bool
  /// The offsets of the running means of normalisations that go by their running statistics in training, too, and leave
  /// them as they are.
  private let frozen: Set<Int>
  /// What layers made of their weights in earlier passes; nil where these change.
  private let prepared: PreparedWeights?

  /// PyTorch's default `momentum`.
  package static let usualMomentum = 0.1

  package init(
    mode: Mode, parameters: Matrix, statistics: Matrix,
    units: BatchUnits = .whole, combine: BatchSum? = nil, momentum: Double = usualMomentum,
    precision: Precision = .single, keepsCaches: Bool = true, frozen: Set<Int> = [], prepared: PreparedWeights? = nil
  ) {
    precondition(
      prepared == nil || (mode == .inference && precision == .single),
      "weights are prepared where they do not change, for products in single precision")
    self.mode = mode
    self.parameters = parameters
    self.statistics = statistics
    self.units = units
    self.combine = combine
    self.momentum = momentum
    self.precision = precision
    self.keepsCaches = keepsCaches
    self.frozen = frozen
    self.prepared = prepared
  }

  /// Whether the normalisation with a running mean goes by the batch's statistics.
  func takesBatchStatistics(_ runningMean: Parameter) -> Bool {
    mode == .training && !frozen.contains(runningMean.offset)
  }

  /// The sums over everything that shares batch statistics.
  /// - Parameter values: `width` numbers of each of this rank's units, unit after unit.
  func total(_ values: [Double], width: Int) -> [Double] {
    combine?(values, width) ?? units.total(values, width: width)
  }

  /// What a layer makes of one of its parameters, which is made once where the parameters do not change.
  func once<Value: Sendable>(_ parameter: Parameter, _ make: () -> Value) -> Value {
    prepared?.value(of: parameter, make) ?? make()
  }

  /// A matrix that was made of parameters as the left factor of products.
  func factor(made matrix: MatrixView) -> LeftFactor {
    prepared == nil ? LeftFactor(matrix) : LeftFactor(packing: matrix)
  }

  /// A parameter as the left factor of products.
  func factor(_ parameter: Parameter) -> LeftFactor {
    once(parameter) { factor(made: matrix(parameter)) }
  }

  /// A parameter as a matrix whose rows are its first dimension.
  func matrix(_ parameter: Parameter) -> MatrixView { parameter.matrix(in: parameters) }

  func vector(_ parameter: Parameter) -> SharedMemory<Float> { SharedMemory(parameters.pointer + parameter.offset) }
}
