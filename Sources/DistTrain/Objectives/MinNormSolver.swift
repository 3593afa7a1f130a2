/// The shortest convex combination of gradients: argmin ‖Σ_k α_k g_k‖² over the simplex
/// (Désidéri 2012; Sener and Koltun, "Multi-Task Learning as Multi-Objective Optimization", NeurIPS 2018, algorithm 2),
/// or over the part of it where no weight is below a floor.
public struct MinNormSolver: GradientSolver {
  /// The number by which each gradient is divided before α is sought.
  public enum Normalization: String, Sendable, Codable, CaseIterable {
    case none
    /// The length ‖g_k‖.
    case l2
    /// The loss L_k.
    case loss
    /// The product L_k·‖g_k‖.
    case lossAndLength = "loss+"
  }

  package let normalization: Normalization
  /// The least weight of a gradient. Of K gradients none can have more than 1/K as its floor.
  package let floor: Double
  /// The most iterations for more than two gradients.
  package let maximumIterations: Int
  package let tolerance: Double

  /// A solver.
  /// - Parameters:
  ///   - floor: the least weight of a gradient.
  ///   - maximumIterations: the most iterations for more than two gradients.
  ///   - tolerance: the gap to the shortest combination, as a part of the squared length, at which the iterations end.
  public init(
    normalization: Normalization = .none, floor: Double = 0, maximumIterations: Int = 250, tolerance: Double = 1e-9
  ) {
    self.normalization = normalization
    self.floor = floor
    self.maximumIterations = maximumIterations
    self.tolerance = tolerance
  }

  /// The weights α of the shortest combination, whose sum is one.
  public func solve(gram: [[Double]], losses: [Double]) -> [Double] {
    let divisors = gram.indices.map { divisor(length: gram[$0][$0].squareRoot(), loss: losses[$0]) }
    let scaled = gram.indices.map { row in
      gram.indices.map { gram[row][$0] / (divisors[row] * divisors[$0]) }
    }
    let least = min(floor, 1 / Double(gram.count))
    let free = shortest(least > 0 ? Self.mixed(scaled, floor: least) : scaled)
    return free.map { least + (1 - Double(gram.count) * least) * $0 }
  }

  /// The dot products of the combinations in which one gradient has all the weight that the floors leave. They are the
  /// corners of what may be chosen.
  private static func mixed(_ gram: [[Double]], floor: Double) -> [[Double]] {
    let rest = 1 - Double(gram.count) * floor
    let sums = gram.map { $0.reduce(0, +) }
    let whole = floor * floor * sums.reduce(0, +)
    return gram.indices.map { row in
      gram.indices.map { whole + floor * rest * (sums[row] + sums[$0]) + rest * rest * gram[row][$0] }
    }
  }

  private func shortest(_ gram: [[Double]]) -> [Double] { gram.count == 2 ? pair(gram) : frankWolfe(gram) }

  private func divisor(length: Double, loss: Double) -> Double {
    // A loss of zero says nothing about the gradient's size.
    let loss = loss > 0 ? loss : 1
    switch normalization {
    case .none: return 1
    case .l2: return length
    case .loss: return loss
    case .lossAndLength: return loss * length
    }
  }

  /// The closed form for two gradients.
  private func pair(_ gram: [[Double]]) -> [Double] {
    let alpha = Self.segment(first: gram[0][0], inner: gram[0][1], second: gram[1][1])
    return [alpha, 1 - alpha]
  }

  /// α in [0, 1] that makes α·u + (1 − α)·v shortest, computed from u·u, u·v and v·v. The corners come first, because
  /// equal gradients would divide by zero.
  private static func segment(first: Double, inner: Double, second: Double) -> Double {
    if inner >= first { return 1 }
    if inner >= second { return 0 }
    return (second - inner) / (first - 2 * inner + second)
  }

  /// Frank–Wolfe from the centre of the simplex: each step goes towards the gradient that points most against the
  /// combination, by exact line search, until the duality gap closes.
  private func frankWolfe(_ gram: [[Double]]) -> [Double] {
    var alpha = [Double](repeating: 1 / Double(gram.count), count: gram.count)
    for _ in 0..<maximumIterations {
      let inner = products(gram, alpha)
      let squared = zip(inner, alpha).reduce(0) { $0 + $1.0 * $1.1 }
      guard let worst = inner.indices.min(by: { inner[$0] < inner[$1] }) else { break }
      if squared - inner[worst] <= tolerance * max(squared, .leastNormalMagnitude) { break }
      let step = Self.segment(first: gram[worst][worst], inner: inner[worst], second: squared)
      for index in alpha.indices { alpha[index] *= 1 - step }
      alpha[worst] += step
    }
    return alpha
  }
}
