extension Configuration.Augmentation {
  /// Speed perturbation; the pitch goes with the speed.
  package struct Speed: Codable, Sendable, Equatable {
    package var factors = [1.0]
    package var asSpeakers = false

    package init() {}

    static let settings = [
      Setting(
        "augmentation.speed.factors", \.augmentation.speed.factors, "speeds, such as [0.9, 1, 1.1]",
        allowed: Allowed(text: "different numbers from 0.5 to 2") { factors in
          !factors.isEmpty && Set(factors).count == factors.count && factors.allSatisfy { (0.5...2).contains($0) }
        }),
      Setting(
        "augmentation.speed.asSpeakers", \.augmentation.speed.asSpeakers,
        "a voice at each speed is a speaker of its own, in all views"),
    ]

    /// Whether rows are drawn speeds, as against speakers having them.
    var isDrawn: Bool { factors != [1] && !asSpeakers }
  }
}
