/// CAGrad: within a ball around the mean gradient g₀, the direction that serves the objective that it serves worst best,
/// max_d min_k d·g_k with ‖d − g₀‖ ≤ c·‖g₀‖ (Liu, Liu, Jin, Stone and Liu, "Conflict-Averse Gradient Descent for
/// Multi-Task Learning", NeurIPS 2021, equation 3).
///
/// By its dual (section 3.1) d = g₀ + (c·‖g₀‖ / ‖g_w‖)·g_w, where g_w = Σ_k w_k g_k makes g_w·g₀ + c·‖g₀‖·‖g_w‖ least
/// over the simplex. As in the authors' code, d is divided by 1 + c².
public struct ConflictAverseSolver: GradientSolver {
  /// The radius c of the ball as a part of the mean gradient's length: 0 gives the mean.
  package let radius: Double
  private let maximumIterations = 250
  private let tolerance = 1e-9

  public init(radius: Double = 0.5) { self.radius = radius }

  public func solve(gram: [[Double]], losses: [Double]) -> [Double] {
    let even = 1 / Double(gram.count)
    let mean = [Double](repeating: even, count: gram.count)
    let reach = radius * Self.squared(gram, mean).squareRoot()
    let weights = dual(gram, mean: products(gram, mean), reach: reach)
    let length = Self.squared(gram, weights).squareRoot()
    // Where the least combination is 0, every direction of the ball serves some objective as badly: the mean stays.
    let factor = length > 0 ? reach / length : 0
    return weights.map { (even + factor * $0) / (1 + radius * radius) }
  }

  private static func squared(_ gram: [[Double]], _ weights: [Double]) -> Double {
    max(0, zip(products(gram, weights), weights).reduce(0) { $0 + $1.0 * $1.1 })
  }

  /// Pairwise Frank–Wolfe from the centre of the simplex (Lacoste-Julien and Jaggi 2015): weight goes from the gradient
  /// on which the dual rises most to the one on which it rises least, as much as a line search by golden sections finds.
  private func dual(_ gram: [[Double]], mean: [Double], reach: Double) -> [Double] {
    func value(_ weights: [Double]) -> Double {
      zip(weights, mean).reduce(0) { $0 + $1.0 * $1.1 } + reach * Self.squared(gram, weights).squareRoot()
    }
    var weights = [Double](repeating: 1 / Double(gram.count), count: gram.count)
    for _ in 0..<maximumIterations {
      let length = Self.squared(gram, weights).squareRoot()
      guard length > 0 else { break }
      let slopes = zip(mean, products(gram, weights)).map { $0 + reach * $1 / length }
      let holders = weights.indices.filter { weights[$0] > 0 }
      guard let best = slopes.indices.min(by: { slopes[$0] < slopes[$1] }),
        let worst = holders.max(by: { slopes[$0] < slopes[$1] })
      else { break }
      if slopes[worst] - slopes[best] <= tolerance * abs(value(weights)) { break }
      func moved(_ share: Double) -> [Double] {
        var result = weights
        result[best] += share * weights[worst]
        result[worst] -= share * weights[worst]
        return result
      }
      let step = Self.least { value(moved($0)) }
      if step == 0 { break }
      weights = moved(step)
    }
    return weights
  }

  /// Where in [0, 1] a convex function is least (Kiefer 1953, golden sections), as near as its values tell.
  private static func least(_ function: (Double) -> Double) -> Double {
    let ratio = (5.0.squareRoot() - 1) / 2
    var (low, high) = (0.0, 1.0)
    var (left, right) = (1 - ratio, ratio)
    var (atLeft, atRight) = (function(left), function(right))
    for _ in 0..<60 {
      if atLeft <= atRight {
        (high, right, atRight) = (right, left, atLeft)
        left = high - ratio * (high - low)
        atLeft = function(left)
      } else {
        (low, left, atLeft) = (left, right, atRight)
        right = low + ratio * (high - low)
        atRight = function(right)
      }
    }
    return [0, (low + high) / 2, 1].min { function($0) < function($1) } ?? 0
  }
}
