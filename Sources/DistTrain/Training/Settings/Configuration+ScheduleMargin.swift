extension Configuration.Schedule {
  /// The way of the classification loss's margin to its final value, `classification.margin`.
  package struct Margin: Codable, Sendable, Equatable {
    package enum Kind: String, Choice {
      case exponential, linear, constant
    }

    package var type = Kind.exponential
    package var initial = 0.0
    package var start = 0
    package var end = 0

    package init() {}

    static let settings = [
      Setting(
        "schedule.margin.type", \.schedule.margin.type, "course; constant = final from the start"),
      Setting(
        "schedule.margin.initial", \.schedule.margin.initial, "margin up to step start (exponential, linear)",
        allowed: .margin),
      Setting(
        "schedule.margin.start", \.schedule.margin.start, "step at which it begins to rise", allowed: .atLeast(0)),
      Setting(
        "schedule.margin.end", \.schedule.margin.end, "step from which it is classification.margin",
        allowed: .atLeast(0)),
    ]
  }
}
