/// A derivative of a loss by the gradient, and by a central difference of the loss.
package struct GradientComparison: Sendable {
  /// The line through the parameters on which both are taken.
  package enum Direction: Sendable, Equatable {
    /// One element of the tensor, by its place in the flat tensor.
    case element(Int)
    /// All elements of the tensor alike, with random signs.
    case signs
    /// The objective's own gradient of the tensor, along which the loss changes most.
    case gradient
  }

  package let tensor: Parameter
  package let direction: Direction
  /// The objective's name.
  package let objective: String
  /// By the gradient, along a direction of length one.
  package let analytic: Double
  /// (L(p + h) − L(p − h)) / 2h.
  package let numeric: Double
  /// How far the losses' rounding may move `numeric`.
  package let uncertainty: Double

  /// The largest relative difference that passes whatever the uncertainty is.
  package static let bound = 0.03

  private var difference: Double { abs(analytic - numeric) }
  private var size: Double { max(abs(analytic), abs(numeric)) }

  /// The difference by the larger of the two numbers.
  package var relativeDifference: Double { difference == 0 ? 0 : difference / size }

  /// The difference by the largest that passes: above 1 the gradient is wrong.
  package var excess: Double { difference == 0 ? 0 : difference / max(Self.bound * size, uncertainty) }

  /// Within the bound.
  package var isClose: Bool { relativeDifference <= Self.bound }

  /// Within the bound or the uncertainty; never where either number is none.
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
