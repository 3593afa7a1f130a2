extension Configuration.Schedule {
  /// The learning rate over the T = `training.steps` steps of the run.
  package struct LearningRate: Codable, Sendable, Equatable {
    package enum Kind: String, Choice {
      case exponential, cosine, step
      case oneCycle = "one-cycle"
      case constant
    }

    package var type = Kind.exponential
    package var initial = 0.1
    package var final = 5e-5
    package var warmup = 0
    package var every = 1000
    package var factor = 0.1
    package var maximum = 0.1
    package var rise = 0.3
    package var divisor = 25.0
    package var finalDivisor = 1e4

    package init() {}

    static let settings = [
      Setting("schedule.learningRate.type", \.schedule.learningRate.type, "course"),
      Setting(
        "schedule.learningRate.initial", \.schedule.learningRate.initial, "first rate (all but one-cycle)",
        allowed: .above(0)),
      Setting(
        "schedule.learningRate.final", \.schedule.learningRate.final, "exponential, cosine: rate at training.steps",
        allowed: .atLeast(0)),
      Setting(
        "schedule.learningRate.warmup", \.schedule.learningRate.warmup,
        "steps of linear rise from 0 (all but one-cycle)", allowed: .atLeast(0)),
      Setting(
        "schedule.learningRate.every", \.schedule.learningRate.every, "step: steps between falls", allowed: .atLeast(1)),
      Setting(
        "schedule.learningRate.factor", \.schedule.learningRate.factor, "step: what a fall multiplies by",
        allowed: Allowed(text: "above 0, at most 1") { $0 > 0 && $0 <= 1 }),
      Setting(
        "schedule.learningRate.maximum", \.schedule.learningRate.maximum, "one-cycle: highest rate", allowed: .above(0)),
      Setting(
        "schedule.learningRate.rise", \.schedule.learningRate.rise, "one-cycle: fraction of the steps that rise",
        allowed: .from(0, to: 1)),
      Setting(
        "schedule.learningRate.divisor", \.schedule.learningRate.divisor, "one-cycle: first rate = maximum / divisor",
        allowed: .atLeast(1)),
      Setting(
        "schedule.learningRate.finalDivisor", \.schedule.learningRate.finalDivisor,
        "one-cycle: last rate = first rate / finalDivisor", allowed: .atLeast(1)),
    ]
  }
}
