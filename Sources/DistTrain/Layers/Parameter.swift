/// A named tensor inside a flat buffer.
package struct Parameter: Sendable, Equatable {
  /// How a parameter starts.
  package enum Initialisation: Sendable, Equatable {
    case constant(Float)
    /// Uniform in ± bound.
    case uniform(bound: Float)
  }

  package let name: String
  package let shape: [Int]
  /// First element in the flat buffer.
  package let offset: Int
  package let initialisation: Initialisation
  /// Whether weight decay pulls on it: not on biases and normalisation (Goyal et al. 2017, section 5.1).
  package let decays: Bool

  package var count: Int { shape.reduce(1, *) }
  package var range: Range<Int> { offset..<offset + count }
}
