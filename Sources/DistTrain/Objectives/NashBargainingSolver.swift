/// Nash-MTL: the direction on which the objectives agree when they bargain for it (Navon, Shamsian, Achituve, Maron,
/// Kawaguchi, Chechik and Fetaya, "Multi-Task Learning as a Bargaining Game", ICML 2022): weights α > 0 with
/// Gα = 1/α (theorem 3.2), at which ½·αᵀGα − Σ_k log α_k is least.
///
/// The weights undo every scale of a gradient. For two of them the direction halves the angle: α_k = 1 / (‖g_k‖·√(1 +
/// cos)), with the cosine of the angle between them.
public struct NashBargainingSolver: GradientSolver {
  /// The least cosine that counts as such: two opposite gradients have no agreement, and weights without bound.
  private static let leastCosine = -0.99
  private let maximumIterations = 100

  public init() {}

  public func solve(gram: [[Double]], losses: [Double]) -> [Double] {
    let lengths = gram.indices.map { gram[$0][$0].squareRoot() }
    let cosines = gram.indices.map { row in
      gram.indices.map {
        row == $0 ? 1 : min(1, max(Self.leastCosine, gram[row][$0] / (lengths[row] * lengths[$0])))
      }
    }
    let solution = cosines.count == 2 ? Self.pair(cosines[0][1]) : agreement(cosines)
    return zip(solution, lengths).map { $0 / $1 }
  }

  private static func pair(_ cosine: Double) -> [Double] {
    [Double](repeating: 1 / (1 + cosine).squareRoot(), count: 2)
  }

  /// One coordinate after another takes its least value, which solves a quadratic equation: G_kk·α_k² + r·α_k = 1 with
  /// what the others give, r = Σ_{j≠k} G_kj·α_j.
  private func agreement(_ cosines: [[Double]]) -> [Double] {
    var weights = [Double](repeating: 1, count: cosines.count)
    for _ in 0..<maximumIterations {
      let before = weights
      for index in weights.indices {
        let rest = products([cosines[index]], weights)[0] - weights[index]
        weights[index] = (-rest + (rest * rest + 4).squareRoot()) / 2
      }
      if zip(weights, before).allSatisfy({ abs($0 - $1) <= 1e-12 * $0 }) { break }
    }
    return weights
  }
}
