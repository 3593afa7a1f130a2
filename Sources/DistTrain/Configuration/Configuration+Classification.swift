extension Configuration {
  /// The classification loss (Deng et al. 2019, "ArcFace"; Wang et al. 2018, "Additive Margin Softmax").
  package struct Classification: Codable, Sendable, Equatable {
    package typealias Loss = AdditiveAngularMarginSoftmax.Form

    package var loss = Loss.additiveAngularMargin
    package var scale = 32.0
    /// The final margin; `schedule.margin` decides how it is reached.
    package var margin = 0.2
    package var subcenters = 1
    package var interTopK = InterTopK()

    package init() {}

    static let settings =
      [
        Setting("classification.loss", \.classification.loss, "kind of margin"),
        Setting(
          "classification.scale", \.classification.scale, "factor on the cosines",
          allowed: .above(0, to: 10_000)),
        Setting(
          "classification.margin", \.classification.margin,
          "final margin: radians (angular) or cosine",
          allowed: .margin),
        Setting(
          "classification.subcenters", \.classification.subcenters,
          "prototypes of each speaker; the nearest one counts",
          allowed: .from(1, to: 100)),
      ] + InterTopK.settings
  }
}

extension AdditiveAngularMarginSoftmax.Form: Choice {}

extension Configuration.Classification {
  /// A penalty on the nearest wrong speakers (Zhao et al. 2021, "The SpeakIn System for VoxSRC 2021").
  package struct InterTopK: Codable, Sendable, Equatable {
    package var count = 0
    package var margin = 0.06

    package init() {}

    static let settings = [
      Setting(
        "classification.interTopK.count", \.classification.interTopK.count,
        "how many nearest wrong speakers are made harder; 0 = off",
        allowed: .from(0, to: 1_000_000)),
      Setting(
        "classification.interTopK.margin", \.classification.interTopK.margin,
        "their margin in cos(θ − margin), radians",
        allowed: .margin),
    ]
  }
}
