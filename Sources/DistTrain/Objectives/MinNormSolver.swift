/// The shortest convex combination of gradients: argmin ‖Σ_k α_k g_k‖² over the simplex
/// (Désidéri 2012; Sener and Koltun, "Multi-Task Learning as Multi-Objective Optimization", NeurIPS 2018, algorithm 2).
public struct MinNormSolver: Sendable {
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
  /// The most iterations for more than two gradients.
  package let maximumIterations: Int
  package let tolerance: Double

  /// A solver.
  /// - Parameters:
  ///   - maximumIterations: the most iterations for more than two gradients.
  ///   - tolerance: the gap to the shortest combination, as a part of the squared length, at which the iterations end.
  public init(normalization: Normalization = .none, maximumIterations: Int = 250, tolerance: Double = 1e-9) {
    self.normalization = normalization
    self.maximumIterations = maximumIterations
    self.tolerance = tolerance
  }

  /// The weights of the shortest combination.
  /// - Parameters:
  ///   - gram: the dot products g_j·g_k.
  ///   - losses: the losses L_k.
  ///   - present: whether each objective k has a term in this batch.
  /// - Returns: α, whose sum is one. An objective that is absent or has no gradient gets 0, and the others share its
  ///   weight; if none is left, all get 0. It is nil where a number is not finite.
  package func weights(gram: [[Double]], losses: [Double], present: [Bool]) -> [Double]? {
    guard gram.allSatisfy({ $0.allSatisfy(\.isFinite) }), losses.allSatisfy(\.isFinite) else { return nil }
    let active = gram.indices.filter { present[$0] && gram[$0][$0] > 0 }
    var result = [Double](repeating: 0, count: gram.count)
    guard !active.isEmpty else { return result }
    let divisors = active.map { divisor(length: gram[$0][$0].squareRoot(), loss: losses[$0]) }
    let scaled = active.indices.map { row in
      active.indices.map { gram[active[row]][active[$0]] / (divisors[row] * divisors[$0]) }
    }
    let solution = active.count == 2 ? pair(scaled) : frankWolfe(scaled)
    for (index, objective) in active.enumerated() { result[objective] = solution[index] }
    return result
  }

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
      let inner = gram.map { row in zip(row, alpha).reduce(0) { $0 + $1.0 * $1.1 } }
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
