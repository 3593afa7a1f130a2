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
