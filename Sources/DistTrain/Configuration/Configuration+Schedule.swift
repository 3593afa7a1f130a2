extension Configuration {
  /// The schedules of the learning rate and the margin over the steps.
  package struct Schedule: Codable, Sendable, Equatable {
    package var learningRate = LearningRate()
    package var margin = Margin()
    package var unfreeze: Int?

    package init() {}

    static let settings =
      LearningRate.settings + Margin.settings + [
        Setting(
          "schedule.unfreeze", \.schedule.unfreeze, "step that frees training.frozen; null = none",
          allowed: .steps(from: 0))
      ]
  }
}

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
      Setting("schedule.learningRate.type", \.schedule.learningRate.type, "course over the steps"),
      Setting(
        "schedule.learningRate.initial", \.schedule.learningRate.initial, "first rate (all but one-cycle)",
        allowed: .above(0, to: 1000)),
      Setting(
        "schedule.learningRate.final", \.schedule.learningRate.final, "exponential, cosine: rate at training.steps",
        allowed: .from(0, to: 1000)),
      Setting(
        "schedule.learningRate.warmup", \.schedule.learningRate.warmup,
        "steps of linear rise from 0 (all but one-cycle)", allowed: .steps(from: 0)),
      Setting(
        "schedule.learningRate.every", \.schedule.learningRate.every, "step: steps between drops",
        allowed: .steps(from: 1)),
      Setting(
        "schedule.learningRate.factor", \.schedule.learningRate.factor, "step: factor of each drop",
        allowed: Allowed(text: "above 0, at most 1") { $0 > 0 && $0 <= 1 }),
      Setting(
        "schedule.learningRate.maximum", \.schedule.learningRate.maximum, "one-cycle: highest rate",
        allowed: .above(0, to: 1000)),
      Setting(
        "schedule.learningRate.rise", \.schedule.learningRate.rise,
        "one-cycle: fraction of the steps with a rising rate",
        allowed: .from(0, to: 1)),
      Setting(
        "schedule.learningRate.divisor", \.schedule.learningRate.divisor, "one-cycle: first rate = maximum / divisor",
        allowed: .from(1, to: 1e12)),
      Setting(
        "schedule.learningRate.finalDivisor", \.schedule.learningRate.finalDivisor,
        "one-cycle: last rate = first rate / finalDivisor", allowed: .from(1, to: 1e12)),
    ]
  }
}

extension Configuration.Schedule {
  /// The course of the classification loss's margin to its final value, `classification.margin`.
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
        "schedule.margin.type", \.schedule.margin.type, "course over the steps; constant = always final"),
      Setting(
        "schedule.margin.initial", \.schedule.margin.initial, "margin up to step start (exponential, linear)",
        allowed: .margin),
      Setting(
        "schedule.margin.start", \.schedule.margin.start, "step at which the margin begins to rise",
        allowed: .steps(from: 0)),
      Setting(
        "schedule.margin.end", \.schedule.margin.end, "step from which the margin is classification.margin",
        allowed: .steps(from: 0)),
    ]
  }
}

extension Configuration {
  /// The learning rate of each step of the run.
  package var learningRateSchedule: LearningRateSchedule {
    let rate = schedule.learningRate
    let course: LearningRateSchedule.Course =
      switch rate.type {
      case .constant: .constant(rate.initial)
      case .exponential: .exponential(initial: rate.initial, final: rate.final)
      case .cosine: .cosine(initial: rate.initial, final: rate.final)
      case .step: .step(initial: rate.initial, factor: rate.factor, every: rate.every)
      case .oneCycle:
        .oneCycle(maximum: rate.maximum, rise: rate.rise, divisor: rate.divisor, finalDivisor: rate.finalDivisor)
      }
    return LearningRateSchedule(course, steps: training.steps, warmup: rate.warmup)
  }

  /// The margin of the classification loss at each step of the run.
  package var marginSchedule: MarginSchedule {
    let margin = schedule.margin
    let course: MarginSchedule.Course =
      switch margin.type {
      case .constant: .constant
      case .linear: .linear
      case .exponential: .exponential
      }
    return MarginSchedule(
      course, initial: margin.initial, final: classification.margin, start: margin.start, end: margin.end)
  }
}
