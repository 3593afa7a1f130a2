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
    /// Whether each rank holds the prototypes of a part of the speakers alone.
    package var sharded = false
    /// The probability by which a step compares its rows with each speaker that none of them has.
    package var sampling = 1.0

    /// The most nearest speakers where prototypes are shared out: ranks tell each other so many of every row.
    static let mostShardedNearest = 1000

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
      ] + InterTopK.settings + [
        Setting(
          "classification.sharded", \.classification.sharded,
          "share the prototypes out over ranks: each holds and trains its own"),
        Setting(
          "classification.sampling", \.classification.sampling,
          "sharded: share of other speakers that a step draws to compare with",
          allowed: .above(0, to: 1)),
      ]
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
