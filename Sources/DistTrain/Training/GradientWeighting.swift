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
