/// The way in which the objectives' gradients become one direction for the encoder.
public enum GradientWeighting: Sendable {
  /// The shortest combination of the gradients of the encoder's parameters.
  case parameters(MinNormSolver)
  /// The shortest combination of the gradients of the embeddings before length normalisation, an upper bound of the
  /// former that takes one backward pass (Sener and Koltun 2018, section 3.3).
  case representation(MinNormSolver)
  /// Given coefficients of the objectives, by name.
  case fixed([String: Double])

  /// Whether weights are known before the gradients travel back through the encoder, so that only their combination
  /// does.
  var precedesBackward: Bool {
    if case .parameters = self { return false }
    return true
  }

  /// The number of gradients of the encoder's parameters that a backward pass computes from those of so many
  /// objectives.
  package func buffers(of objectives: Int) -> Int { precedesBackward ? 1 : objectives }

  /// The factor of the gradient of the classifier's parameters, which belongs to one objective.
  func classifierWeight(of objective: String) -> Double {
    if case .fixed(let coefficients) = self { return coefficient(of: objective, coefficients) }
    return 1
  }

  /// The weights of the objectives' gradients; nil where they depend on dot products or losses that are not finite.
  func weights(_ objectives: [String], gram: [[Double]], losses: [Double], present: [Bool]) -> [Double]? {
    switch self {
    case .parameters(let solver), .representation(let solver):
      solver.weights(gram: gram, losses: losses, present: present)
    case .fixed(let coefficients): objectives.map { coefficient(of: $0, coefficients) }
    }
  }

  private func coefficient(of objective: String, _ coefficients: [String: Double]) -> Double {
    guard let coefficient = coefficients[objective] else { preconditionFailure("\(objective) has no fixed weight") }
    return coefficient
  }
}

/// The relations of the objectives' gradients at a step, and the weights that they got.
package struct GradientBalance: Sendable, Equatable {
  package let weights: [Double]
  /// The dot products of the gradients with one another, over all ranks.
  package let gram: [[Double]]

  /// The lengths of the gradients.
  package var norms: [Double] { gram.indices.map { gram[$0][$0].squareRoot() } }
  /// The weights divided by their sum.
  package var shares: [Double] { weights.map { $0 / weights.reduce(0, +) } }
  /// The cosine between each two gradients: first and second, first and third, …, second and third, …
  package var cosines: [Double] {
    let norms = norms
    return gram.indices.flatMap { one in
      (one + 1..<gram.count).map { other in gram[one][other] / (norms[one] * norms[other]) }
    }
  }
}
