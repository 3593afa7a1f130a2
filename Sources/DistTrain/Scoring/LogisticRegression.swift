import Foundation

/// Prior-weighted logistic regression with a ridge, solved by Newton's method in double precision. Sums are in the
/// order of the trials.
struct LogisticRegression {
  /// The factor of half the sum of the squared weights; the offset is free.
  static let ridge = 1e-6

  /// Trials × inputs.
  let inputs: DoubleMatrix
  let targets: [Bool]
  let prior: Double

  /// The weights and then the offset of least cost.
  /// - Complexity: O(trials · inputs²) for each of some ten steps.
  /// - Throws: `Failure(.badData)` where the steps do not converge.
  func minimum() throws -> [Double] {
    var point = [Double](repeating: 0, count: inputs.columns + 1)
    var value = cost(at: point)
    var (gradient, curvature) = derivatives(at: point)
    for _ in 0..<100 where gradient.contains(where: { abs($0) > 1e-11 }) {
      guard let factor = CholeskyFactor(curvature),
        let (next, lower) = descent(from: point, value, along: factor.solution(gradient))
      else { break }
      (point, value) = (next, lower)
      (gradient, curvature) = derivatives(at: point)
    }
    // Near the minimum, rounding of the cost may hide the last descent.
    guard gradient.allSatisfy({ abs($0) < 1e-8 }) else {
      throw Failure(.badData, "the calibration does not converge: are its scores or measures of very different sizes?")
    }
    return point
  }

  /// The first of a step's halves whose cost is lower; nil where none is.
  private func descent(
    from point: [Double], _ value: Double, along step: [Double]
  ) -> (point: [Double], cost: Double)? {
    var length = 1.0
    for _ in 0..<40 {
      let next = zip(point, step).map { $0 - length * $1 }
      let cost = cost(at: next)
      if cost < value { return (next, cost) }
      length /= 2
    }
    return nil
  }

  /// Whether a point's map has all targets above all non-targets.
  func separates(_ point: [Double]) -> Bool {
    var (least, greatest) = (Double.infinity, -Double.infinity)
    for (row, isTarget) in targets.enumerated() {
      let ratio = ratio(row, point)
      if isTarget { least = min(least, ratio) } else { greatest = max(greatest, ratio) }
    }
    return least > greatest
  }

  private func ratio(_ row: Int, _ point: [Double]) -> Double {
    var sum = point[inputs.columns]
    for column in 0..<inputs.columns { sum += point[column] * inputs[row, column] }
    return sum
  }

  /// The weight of a trial of each kind, and the logarithm of the prior odds.
  private var priors: (target: Double, other: Double, odds: Double) {
    let count = Double(targets.count(where: \.self))
    return (prior / count, (1 - prior) / (Double(targets.count) - count), log(prior / (1 - prior)))
  }

  private func cost(at point: [Double]) -> Double {
    let priors = priors
    var sum = 0.5 * Self.ridge * point.dropLast().reduce(0) { $0 + $1 * $1 }
    for (row, isTarget) in targets.enumerated() {
      let margin = (ratio(row, point) + priors.odds) * (isTarget ? 1 : -1)
      // ln(1 + e^−x) without overflow.
      sum += (isTarget ? priors.target : priors.other) * (max(-margin, 0) + log1p(exp(-abs(margin))))
    }
    return sum
  }

  private func derivatives(at point: [Double]) -> (gradient: [Double], curvature: DoubleMatrix) {
    let priors = priors
    let last = inputs.columns
    var gradient = point.map { Self.ridge * $0 }
    gradient[last] = 0
    var curvature = DoubleMatrix.diagonal([Double](repeating: Self.ridge, count: last) + [0])
    var values = [Double](repeating: 1, count: last + 1)
    for (row, isTarget) in targets.enumerated() {
      let probability = 1 / (1 + exp(-ratio(row, point) - priors.odds))
      let share = isTarget ? priors.target : priors.other
      let slope = share * (probability - (isTarget ? 1 : 0))
      let bend = share * probability * (1 - probability)
      for column in 0..<last { values[column] = inputs[row, column] }
      for (place, value) in values.enumerated() {
        gradient[place] += slope * value
        for other in 0...place { curvature[place, other] += bend * value * values[other] }
      }
    }
    for row in 0..<last { for column in row + 1...last { curvature[row, column] = curvature[column, row] } }
    return (gradient, curvature)
  }
}
