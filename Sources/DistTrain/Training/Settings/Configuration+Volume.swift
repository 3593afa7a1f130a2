extension Configuration.Augmentation {
  /// Gain.
  package struct Volume: Codable, Sendable, Equatable {
    package var probability = 0.0
    package var gain = -10.0...6.0

    package init() {}

    static let settings = [
      Setting(
        "augmentation.volume.probability", \.augmentation.volume.probability, "how often the volume is changed",
        allowed: .from(0, to: 1)),
      Setting(
        "augmentation.volume.gain", \.augmentation.volume.gain, "dB, drawn evenly between; clips at full scale",
        allowed: Allowed(text: "within -60 to 40") { $0.lowerBound >= -60 && $0.upperBound <= 40 }),
    ]
  }
}
