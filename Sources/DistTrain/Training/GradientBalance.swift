/// How the two objectives' gradients stood to each other at a step, and what weights they got.
package struct GradientBalance: Sendable, Equatable {
  /// Weights of the classification and of the contrastive gradient.
  package let weights: [Double]
  /// Dot products of the two gradients with each other, over all ranks.
  package let gram: [[Double]]

  package var norms: [Double] { gram.indices.map { gram[$0][$0].squareRoot() } }
  package var cosine: Double { gram[0][1] / (norms[0] * norms[1]) }
  /// α: the classification's share of the weights.
  package var alpha: Double { weights[0] / (weights[0] + weights[1]) }
}
