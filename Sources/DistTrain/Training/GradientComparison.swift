/// A derivative of a loss, once computed from the gradient and once from a central difference of the loss.
package struct GradientComparison: Sendable {
  /// The line through the parameters along which both are taken.
  package enum Direction: Sendable, Equatable {
    /// One element of the tensor, by its place in the flat tensor.
    case element(Int)
    /// All elements of the tensor by the same amount, with random signs.
    case signs
    /// The objective's own gradient of the tensor, along which the loss changes most.
    case gradient
  }

  package let tensor: Parameter
  package let direction: Direction
  /// The objective's name.
  package let objective: String
  /// The derivative from the gradient, along a direction of length one.
  package let analytic: Double
  /// The central difference (L(p + h) − L(p − h)) / 2h.
  package let numeric: Double
  /// The distance by which the losses' rounding may move `numeric`.
  package let uncertainty: Double

  /// The largest relative difference that passes whatever the uncertainty is.
  package static let bound = 0.03

  private var difference: Double { abs(analytic - numeric) }
  private var size: Double { max(abs(analytic), abs(numeric)) }

  /// The difference divided by the larger of the two numbers.
  package var relativeDifference: Double { difference == 0 ? 0 : difference / size }

  /// The difference divided by the largest one that passes. Above 1, the gradient is wrong.
  package var excess: Double { difference == 0 ? 0 : difference / max(Self.bound * size, uncertainty) }

  /// Whether the difference is within the bound.
  package var isClose: Bool { relativeDifference <= Self.bound }

  /// Whether the difference is within the bound or the uncertainty, which it never is if either of the two is not a
  /// number.
  package var agrees: Bool { excess <= 1 }

  /// The direction as a table names it: `[3, 0, 1]` for an element.
  package var place: String {
    switch direction {
    case .signs: return "random signs"
    case .gradient: return "gradient"
    case .element(var index):
      var indices: [String] = []
      for extent in tensor.shape.reversed() {
        indices.insert("\(index % extent)", at: 0)
        index /= extent
      }
      return "[\(indices.joined(separator: ", "))]"
    }
  }
}
