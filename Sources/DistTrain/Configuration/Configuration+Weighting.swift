extension Configuration {
  /// The way in which the gradients of the two losses become one (Désidéri 2012; Sener and Koltun 2018).
  package struct Weighting: Codable, Sendable, Equatable {
    package enum Method: String, Choice {
      case minNorm = "min-norm"
      case fixed
      /// PCGrad, Yu et al. 2020.
      case pcgrad
      /// CAGrad, Liu et al. 2021.
      case cagrad
      /// Nash-MTL, Navon et al. 2022.
      case nash = "nash-mtl"
      /// Kendall et al. 2018, with the uncertainties at their optimum.
      case uncertainty
      /// Lin et al. 2022.
      case random
    }

    /// The gradients that are combined by their dot products: those by the encoder's parameters, or those by the
    /// embeddings.
    package enum Space: String, Choice {
      case parameters, representation
    }

    package typealias Normalization = MinNormSolver.Normalization

    package var method = Method.minNorm
    package var space = Space.parameters
    package var normalization = Normalization.none
    package var floor = 0.0
    package var radius = 0.5
    package var every = 1
    package var smoothing = 0.0
    package var classification = 1.0
    package var contrastive = 1.0

    package init() {}

    /// Remarks on settings that the method does not read, a line each.
    var notes: [String] {
      let standard = Weighting()
      let unread: [(key: String, isChanged: Bool, reader: Method)] = [
        ("classification", classification != standard.classification, .fixed),
        ("contrastive", contrastive != standard.contrastive, .fixed),
        ("normalization", normalization != standard.normalization, .minNorm),
        ("floor", floor != standard.floor, .minNorm),
        ("radius", radius != standard.radius, .cagrad),
      ]
      return unread.filter { $0.isChanged && $0.reader != method }.map {
        "weighting.\($0.key) has no effect: weighting.method is \(method.rawValue), not \($0.reader.rawValue)"
      }
    }

    static let settings = [
      Setting(
        "weighting.method", \.weighting.method,
        "the rule"),
      Setting(
        "weighting.space", \.weighting.space, "gradients that are combined: exact, or a bound"),
      Setting(
        "weighting.normalization", \.weighting.normalization, "what min-norm divides gradients by"),
      Setting(
        "weighting.floor", \.weighting.floor, "least weight that min-norm gives to either gradient",
        allowed: .from(0, to: 0.5)),
      Setting(
        "weighting.radius", \.weighting.radius, "cagrad: reach around the mean gradient, in lengths of it",
        allowed: .from(0, below: 1)),
      Setting(
        "weighting.every", \.weighting.every, "steps from one solution of the weights to the next",
        allowed: .steps(from: 1)),
      Setting(
        "weighting.smoothing", \.weighting.smoothing, "share of the weights before in those of a solution",
        allowed: .from(0, below: 1)),
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
