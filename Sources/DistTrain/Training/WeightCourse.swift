/// The steps at which weights are sought, and how far they go towards what is found.
public struct WeightCourse: Sendable, Equatable {
  /// The steps from one solution to the next. The steps between go by the last one, with one backward pass.
  public var every: Int
  /// The share of the weights before in the new ones.
  public var smoothing: Double

  public init(every: Int = 1, smoothing: Double = 0) {
    (self.every, self.smoothing) = (every, smoothing)
  }

  /// The weights of a step that does not seek its own; nil where it has to: at every `every`-th step, at the first, and
  /// where other objectives have a term than had one when weights were sought.
  package func held(_ last: WeightSolution?, at step: Int, present: [Bool]) -> [Double]? {
    guard let last, last.present == present, step % every != 0 else { return nil }
    return last.weights
  }

  /// The weights after a solution.
  package func smoothed(_ found: [Double], after last: WeightSolution?, present: [Bool]) -> [Double] {
    guard smoothing > 0, let last, last.present == present else { return found }
    return zip(last.weights, found).map { smoothing * $0 + (1 - smoothing) * $1 }
  }
}
