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

  /// The classification loss's margin at each step of the run.
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
