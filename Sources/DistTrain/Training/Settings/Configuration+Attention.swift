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
        "factor on cosines to prototypes; null = classification.scale", allowed: .above(0)),
      Setting(
        "contrastive.attention.normalize", \.contrastive.attention.normalize,
        "an anchor's weights keep their sum (mode weight)"),
      Setting(
        "contrastive.attention.warmup", \.contrastive.attention.warmup,
        "steps over which weights go from 1 to their value",
        allowed: .atLeast(0)),
      Setting(
        "contrastive.attention.stopGradient", \.contrastive.attention.stopGradient,
        "true = attention is a constant in the gradient"),
    ]
  }
}

extension ClassAwareAttention.Mode: Choice {}
