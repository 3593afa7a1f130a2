extension Configuration {
  /// How long the run is.
  package struct Training: Codable, Sendable, Equatable {
    package var steps = 2000
    package var precision = Precision.single

    package init() {}

    static let settings = [
      Setting(
        "training.steps", \.training.steps, "steps of the whole run; schedules stretch over them", allowed: .atLeast(1)),
      Setting(
        "training.precision", \.training.precision,
        "of the encoder's products; all else is fp32"),
    ]
  }
}
extension Precision: Choice {}
