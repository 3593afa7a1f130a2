extension Configuration {
  /// The piece of an utterance that becomes a row.
  package struct Crop: Codable, Sendable, Equatable {
    package var seconds = 2.0

    package init() {}

    static let settings = [
      Setting("crop.seconds", \.crop.seconds, "length of a row in seconds", allowed: .from(0.2, to: 60))
    ]
  }
}
