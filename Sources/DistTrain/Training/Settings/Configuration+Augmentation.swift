extension Configuration {
  /// Noise and rooms for the augmented views.
  package struct Augmentation: Codable, Sendable, Equatable {
    package var noise: String?
    package var rooms: String?
    package var probability = 0.6
    package var snr = 0.0...15.0

    package init() {}

    static let settings = [
      Setting("augmentation.noise", \.augmentation.noise, "folder of noise recordings; null = no noise"),
      Setting("augmentation.rooms", \.augmentation.rooms, "folder of room impulse responses; null = no rooms"),
      Setting(
        "augmentation.probability", \.augmentation.probability, "how often an augmented view is in fact changed",
        allowed: .from(0, to: 1)),
      Setting(
        "augmentation.snr", \.augmentation.snr, "speech over noise in dB, drawn evenly between [lowest, highest]",
        allowed: Allowed(text: "within -20 to 60") { $0.lowerBound >= -20 && $0.upperBound <= 60 }),
    ]
  }
}
