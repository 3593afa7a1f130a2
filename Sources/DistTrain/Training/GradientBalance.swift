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
