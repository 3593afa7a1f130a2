import DistTrain
import Foundation
import TestTools
import Testing

@Suite("Schedules")
struct SchedulesTests {
  /// Fixtures/schedules.json, written by scripts/golden.
  private struct Golden: Decodable {
    struct Rate: Decodable, Sendable {
      let type: String
      let steps: Int
      let warmup: Int
      let initial: Double?
      let final: Double?
      let factor: Double?
      let every: Int?
      let maximum: Double?
      let rise: Double?
      let divisor: Double?
      let finalDivisor: Double?
      let rates: [Double]
    }

    struct Margin: Decodable {
      let type: String
      let initial: Double
      let final: Double
      let start: Int
      let end: Int
      let margins: [Double]
    }

    let learningRates: [Rate]
    let margins: [Margin]

    static func read() throws -> Golden {
      try TestTools.Golden.record("schedules", as: Golden.self)
    }
  }

  private func isClose(_ a: Double, _ b: Double) -> Bool {
    abs(a - b) <= 1e-12 * max(abs(a), abs(b)) + 1e-16
  }

  @Test("every course of the learning rate equals its formula, one-cycle PyTorch's, at each step")
  func learningRates() throws {
    let golden = try Golden.read().learningRates
    #expect(Set(golden.map(\.type)) == ["exponential", "cosine", "step", "constant", "one-cycle"])
    for item in golden {
      var configuration = Configuration()
      configuration.training.steps = item.steps
      configuration.schedule.learningRate.type = try #require(.init(rawValue: item.type))
      configuration.schedule.learningRate.warmup = item.warmup
      if let value = item.initial { configuration.schedule.learningRate.initial = value }
      if let value = item.final { configuration.schedule.learningRate.final = value }
      if let value = item.factor { configuration.schedule.learningRate.factor = value }
      if let value = item.every { configuration.schedule.learningRate.every = value }
      if let value = item.maximum { configuration.schedule.learningRate.maximum = value }
      if let value = item.rise { configuration.schedule.learningRate.rise = value }
      if let value = item.divisor { configuration.schedule.learningRate.divisor = value }
      if let value = item.finalDivisor { configuration.schedule.learningRate.finalDivisor = value }
      try configuration.validate()
      let schedule = configuration.learningRateSchedule
      for (step, rate) in item.rates.enumerated() {
        #expect(isClose(schedule.rate(at: step), rate), "\(item.type) over \(item.steps), step \(step)")
      }
    }
  }

  @Test("every course of the margin equals its formula at each step")
  func margins() throws {
    let golden = try Golden.read().margins
    #expect(Set(golden.map(\.type)) == ["exponential", "linear", "constant"])
    for item in golden {
      var configuration = Configuration()
      configuration.classification.margin = item.final
      configuration.schedule.margin.type = try #require(.init(rawValue: item.type))
      configuration.schedule.margin.initial = item.initial
      configuration.schedule.margin.start = item.start
      configuration.schedule.margin.end = item.end
      let schedule = configuration.marginSchedule
      for (step, margin) in item.margins.enumerated() {
        #expect(isClose(schedule.margin(at: step), margin), "\(item.type) \(item.start)..<\(item.end), step \(step)")
      }
    }
  }

  @Test("with default settings the margin is the final one from the first step")
  func defaultMargin() {
    #expect(Configuration().marginSchedule.margin(at: 0) == 0.2)
  }

  @Test("one-cycle beyond its last step stays at its last rate")
  func oneCycleBeyondItsEnd() {
    let schedule = LearningRateSchedule(
      .oneCycle(maximum: 1, rise: 0.3, divisor: 25, finalDivisor: 1e4), steps: 10)
    #expect(schedule.rate(at: 12) == schedule.rate(at: 9))
    #expect(isClose(schedule.rate(at: 9), 1 / 25 / 1e4))
  }
}
