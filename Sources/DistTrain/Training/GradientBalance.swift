/// The relations of the objectives' gradients at a step, and the weights that they got.
package struct GradientBalance: Sendable, Equatable {
  package let weights: [Double]
  /// The dot products of the gradients with one another, over all ranks; nil where the gradients travelled as one.
  package let gram: [[Double]]?

  /// The lengths of the gradients, NaN where they are not known.
  package var norms: [Double] {
    weights.indices.map { index in gram.map { $0[index][index].squareRoot() } ?? .nan }
  }
  /// The weights divided by their sum.
  package var shares: [Double] { weights.map { $0 / weights.reduce(0, +) } }
  /// The cosine between each two gradients: first and second, first and third, …, second and third, …
  package var cosines: [Double] {
    let norms = norms
    return weights.indices.flatMap { one in
      (one + 1..<weights.count).map { other in gram.map { $0[one][other] / (norms[one] * norms[other]) } ?? .nan }
    }
  }
}
