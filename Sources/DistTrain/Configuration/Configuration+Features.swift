extension Configuration {
  /// The filter bank.
  package struct Features: Codable, Sendable, Equatable {
    package var bins = 80
    package var dither = 1.0

    package init() {}

    static let settings = [
      Setting("features.bins", \.features.bins, "mel filters", allowed: .from(8, to: 128)),
      Setting(
        "features.dither", \.features.dither,
        "noise added in training, in steps of 16-bit samples; 0 = none", allowed: .from(0, to: 32_768)),
    ]
  }
}
