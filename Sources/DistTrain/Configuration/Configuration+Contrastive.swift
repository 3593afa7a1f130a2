extension Configuration {
  /// The supervised contrastive loss with a margin and class-aware attention (Li, Mak and Meng, ICASSP 2023).
  package struct Contrastive: Codable, Sendable, Equatable {
    package var temperature = 0.07
    package var margin = Margin()
    package var attention = Attention()

    package init() {}

    static let settings =
      [
        Setting(
          "contrastive.temperature", \.contrastive.temperature, "divides the cosines", allowed: .above(0, to: 1000))
      ] + Margin.settings + Attention.settings
  }
}

extension Configuration.Contrastive {
  /// The margin on positive pairs.
  package struct Margin: Codable, Sendable, Equatable {
    package typealias Form = AngularMargin.Form
    package typealias Denominator = SupervisedContrastiveLoss.Denominator

    package var form = Form.angle
    package var value = 0.2
    package var denominator = Denominator.margined

    package init() {}

    static let settings = [
      Setting("contrastive.margin.form", \.contrastive.margin.form, "cos(θ + margin), cos θ − margin, or no margin"),
      Setting(
        "contrastive.margin.value", \.contrastive.margin.value, "the margin: radians (angle) or cosine (cosine)",
        allowed: .margin),
      Setting(
        "contrastive.margin.denominator", \.contrastive.margin.denominator,
        "positives below the fraction with or without their margin"),
    ]
  }
}

extension AngularMargin.Form: Choice {}
extension SupervisedContrastiveLoss.Denominator: Choice {}

extension Configuration.Contrastive {
  /// Class-aware attention: a pair counts as its less certain row does.
  package struct Attention: Codable, Sendable, Equatable {
    package typealias Mode = ClassAwareAttention.Mode

    package var mode = Mode.weight
    /// Factor on the cosines inside the attention's softmax; nil is `classification.scale`, filled in on loading.
    package var scale: Double?
    package var normalize = true
    package var warmup = 0
    package var stopGradient = true

    package init() {}

    static let settings = [
      Setting(
        "contrastive.attention.mode", \.contrastive.attention.mode,
        "attention multiplies negatives' terms, or logits"),
      Setting(
        "contrastive.attention.scale", \.contrastive.attention.scale,
        "factor on its cosines; null = classification.scale", allowed: .above(0, to: 10_000)),
      Setting(
        "contrastive.attention.normalize", \.contrastive.attention.normalize,
        "an anchor's weights keep their sum (mode weight)"),
      Setting(
        "contrastive.attention.warmup", \.contrastive.attention.warmup,
        "steps over which weights go from 1 to their value",
        allowed: .steps(from: 0)),
      Setting(
        "contrastive.attention.stopGradient", \.contrastive.attention.stopGradient,
        "true = attention is a constant in the gradient"),
    ]
  }
}

extension ClassAwareAttention.Mode: Choice {}
