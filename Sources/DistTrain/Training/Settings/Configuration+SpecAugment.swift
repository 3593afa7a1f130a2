extension Configuration.Augmentation {
  /// Masks on the features.
  package struct SpecAugment: Codable, Sendable, Equatable {
    package var probability = 0.0
    package var timeMasks = 1
    package var timeWidth = 10
    package var frequencyMasks = 1
    package var frequencyWidth = 8

    package init() {}

    static let settings = [
      Setting(
        "augmentation.specAugment.probability", \.augmentation.specAugment.probability,
        "how often features are masked", allowed: .from(0, to: 1)),
      Setting(
        "augmentation.specAugment.timeMasks", \.augmentation.specAugment.timeMasks, "masks in time",
        allowed: .from(0, to: 100)),
      Setting(
        "augmentation.specAugment.timeWidth", \.augmentation.specAugment.timeWidth, "most frames of one",
        allowed: .atLeast(0)),
      Setting(
        "augmentation.specAugment.frequencyMasks", \.augmentation.specAugment.frequencyMasks, "masks in frequency",
        allowed: .from(0, to: 100)),
      Setting(
        "augmentation.specAugment.frequencyWidth", \.augmentation.specAugment.frequencyWidth, "most bins of one",
        allowed: .atLeast(0)),
    ]
  }
}
