/// Sums numbers over everything that shares batch statistics, all ranks or this one alone: takes those of each of the
/// rank's units, `width` a unit, and gives the `width` sums.
package typealias BatchSum = (_ values: [Double], _ width: Int) -> [Double]

/// What a pass through an encoder knows besides its input.
public struct ForwardPass {
  public enum Mode: Sendable {
    /// Normalisation by the batch's statistics; running statistics are updated.
    case training
    /// Normalisation by running statistics.
    case inference
  }

  package let mode: Mode
  /// The encoder's parameters, one flat buffer.
  package let parameters: Matrix
  /// The encoder's running statistics, one flat buffer.
  package let statistics: Matrix
  /// How sums over the batch are made.
  package let units: BatchUnits
  private let combine: BatchSum?
  /// What products of activations and of their gradients are multiplied in.
  package let precision: Precision

  package init(
    mode: Mode, parameters: Matrix, statistics: Matrix,
    units: BatchUnits = .whole, combine: BatchSum? = nil, precision: Precision = .single
  ) {
    self.mode = mode
    self.parameters = parameters
    self.statistics = statistics
    self.units = units
    self.combine = combine
    self.precision = precision
  }

  /// Sums over everything that shares batch statistics, from the units' numbers, `width` each.
  func total(_ values: [Double], width: Int) -> [Double] {
    combine?(values, width) ?? units.total(values, width: width)
  }

  /// A parameter as a matrix whose rows are its first dimension.
  func matrix(_ parameter: Parameter) -> MatrixView { parameter.matrix(in: parameters) }

  func vector(_ parameter: Parameter) -> SharedMemory<Float> { SharedMemory(parameters.pointer + parameter.offset) }
}
