extension Configuration {
  /// The way in which the gradients of the two losses become one (Désidéri 2012; Sener and Koltun 2018).
  package struct Weighting: Codable, Sendable, Equatable {
    package enum Method: String, Choice {
      case minNorm = "min-norm"
      case fixed
    }

    /// The gradients that the minimum-norm solver combines: those by the encoder's parameters, or those by the
    /// embeddings.
    package enum Space: String, Choice {
      case parameters, representation
    }

    package typealias Normalization = MinNormSolver.Normalization

    package var method = Method.minNorm
    package var space = Space.parameters
    package var normalization = Normalization.none
    package var classification = 1.0
    package var contrastive = 1.0

    package init() {}

    static let settings = [
      Setting("weighting.method", \.weighting.method, "the shortest combination of the gradients, or fixed weights"),
      Setting(
        "weighting.space", \.weighting.space, "gradients that min-norm combines: exact, or a bound"),
      Setting(
        "weighting.normalization", \.weighting.normalization, "what min-norm divides gradients by"),
      Setting(
        "weighting.classification", \.weighting.classification, "weight of the classification loss (fixed)",
        allowed: .from(0, to: 1_000_000)),
      Setting(
        "weighting.contrastive", \.weighting.contrastive, "weight of the contrastive loss (fixed); 0 = without it",
        allowed: .from(0, to: 1_000_000)),
    ]
  }
}

extension MinNormSolver.Normalization: Choice {}
