extension Configuration {
  /// The piece of an utterance that becomes a row.
  package struct Crop: Codable, Sendable, Equatable {
    package typealias Filling = BatchLoader.Filling

    package var seconds = 2.0
    package var maximumSeconds: Double?
    package var short = Filling.tile

    package init() {}

    /// The lengths that a step's crops are drawn from.
    package var lengths: ClosedRange<Double> { seconds...max(seconds, maximumSeconds ?? seconds) }

    static let settings = [
      Setting("crop.seconds", \.crop.seconds, "length of a row in seconds", allowed: .from(0.2, to: 60)),
      Setting(
        "crop.maximumSeconds", \.crop.maximumSeconds,
        "each step draws a length up to this",
        allowed: .from(0.2, to: 60)
      ),
      Setting("crop.short", \.crop.short, "fills a row up: the utterance again, or zeros"),
    ]
  }
}

extension BatchLoader.Filling: Choice {}
