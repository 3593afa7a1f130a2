extension Configuration.Classification {
  /// A penalty on the nearest wrong speakers (Zhao et al. 2021, "The SpeakIn System for VoxSRC 2021").
  package struct InterTopK: Codable, Sendable, Equatable {
    package var count = 0
    package var margin = 0.06

    package init() {}

    static let settings = [
      Setting(
        "classification.interTopK.count", \.classification.interTopK.count,
        "nearest wrong speakers made harder; 0 = off",
        allowed: .atLeast(0)),
      Setting(
        "classification.interTopK.margin", \.classification.interTopK.margin, "how much: cos(θ − margin), radians",
        allowed: .margin),
    ]
  }
}
