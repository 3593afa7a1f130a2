/// A rule by which gradients are combined that knows nothing of them but their dot products, so that it costs the same
/// for an encoder of any size.
public protocol GradientSolver: Sendable {
  /// The weights of the gradients in their combination.
  /// - Parameters:
  ///   - gram: the dot products g_j·g_k of gradients that are longer than 0.
  ///   - losses: the losses L_k.
  func solve(gram: [[Double]], losses: [Double]) -> [Double]
}

extension GradientSolver {
  /// The weights of the objectives in a batch.
  /// - Parameters:
  ///   - gram: the dot products g_j·g_k.
  ///   - losses: the losses L_k.
  ///   - present: whether each objective k has a term in this batch.
  /// - Returns: the weights of the others where an objective is absent or has no gradient, which gets 0; if none is
  ///   left, all get 0. It is nil where a number is not finite.
  package func weights(gram: [[Double]], losses: [Double], present: [Bool]) -> [Double]? {
    guard gram.allSatisfy({ $0.allSatisfy(\.isFinite) }), losses.allSatisfy(\.isFinite) else { return nil }
    let active = gram.indices.filter { present[$0] && gram[$0][$0] > 0 }
    var result = [Double](repeating: 0, count: gram.count)
    guard !active.isEmpty else { return result }
    let solution = solve(
      gram: active.map { row in active.map { gram[row][$0] } }, losses: active.map { losses[$0] })
    for (index, objective) in active.enumerated() { result[objective] = solution[index] }
    return result
  }
}

/// The dot products of each gradient with the combination that has these weights.
func products(_ gram: [[Double]], _ weights: [Double]) -> [Double] {
  gram.map { row in zip(row, weights).reduce(0) { $0 + $1.0 * $1.1 } }
}
