extension Configuration.Contrastive {
  /// The margin on positive pairs.
  package struct Margin: Codable, Sendable, Equatable {
    /// `angle` cos(θ + m), `cosine` cos θ − m.
    package enum Form: String, Choice {
      case angle, cosine, none
    }

    /// `margined`: positives enter the denominator with their margin; `plain`: without it.
    package enum Denominator: String, Choice {
      case margined, plain
    }

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
