/// How the objectives' gradients become the encoder's one direction.
package enum GradientWeighting: Sendable {
  /// The shortest combination of the gradients of the encoder's parameters.
  case parameters(MinNormSolver)
  /// The shortest combination of the gradients of the embeddings before length normalisation: an upper bound of the
  /// former, for one backward pass (Sener and Koltun 2018, section 3.3).
  case representation(MinNormSolver)
  /// Given coefficients of the classification and the contrastive gradient.
  case fixed([Double])

  /// Gradients of the encoder's parameters that a backward pass makes.
  package var buffers: Int {
    if case .parameters = self { return 2 }
    return 1
  }

  /// What multiplies the classifier's own gradient, which belongs to the classification alone.
  package var classifierWeight: Double {
    if case .fixed(let coefficients) = self { return coefficients[0] }
    return 1
  }
}

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
