extension Configuration.Augmentation {
  /// Lossy codings.
  package struct Codec: Codable, Sendable, Equatable {
    package typealias Kind = DistTrain.Codec

    package var probability = 0.0
    package var kinds = Kind.allCases

    package init() {}

    static let settings = [
      Setting(
        "augmentation.codec.probability", \.augmentation.codec.probability, "how often a crop goes through a codec",
        allowed: .from(0, to: 1)),
      Setting(
        "augmentation.codec.kinds", \.augmentation.codec.kinds,
        "drawn evenly of mu-law, gsm (both at 8 kHz), opus, vorbis",
        allowed: Allowed(text: "at least one") { !$0.isEmpty }),
    ]
  }
}

extension Codec: Choice {}
