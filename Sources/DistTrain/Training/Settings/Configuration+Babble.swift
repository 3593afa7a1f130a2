extension Configuration.Augmentation {
  /// Voices behind the speech.
  package struct Babble: Codable, Sendable, Equatable {
    package var corpus = false
    package var voices = 3.0...8.0

    package init() {}

    static let settings = [
      Setting(
        "augmentation.babble.corpus", \.augmentation.babble.corpus,
        "babble of other training speakers where there is no folder of it"),
      Setting(
        "augmentation.babble.voices", \.augmentation.babble.voices, "how many voices, drawn evenly between",
        allowed: Allowed(text: "whole numbers within 1 to 20") {
          $0.lowerBound >= 1 && $0.upperBound <= 20 && Int(exactly: $0.lowerBound) != nil
            && Int(exactly: $0.upperBound) != nil
        }),
    ]
  }
}
