import DistTrain
import Foundation
import TestTools
import Testing

/// Every numeric setting at its extremes: refused in one line, or harmless in everything that is made of it before
/// memory is allocated.
@Suite struct SettingBoundsTests {
  static let extremes = [
    "0", "-1", "1", "1e-308", "1e18", "1e308", "-1e308", "1000000", "1000000000", "9223372036854775807",
    "9223372036854775800", "18446744073709551615", "nan", "inf", ".nan", ".inf", "0x7fffffffffffffff",
  ]
  /// Beyond what anyone means by any setting but the seed.
  static let beyond = ["1e18", "1e308", "9223372036854775807", "9223372036854775800"]

  /// A setting that is a number, or a list of so many.
  struct Numeric: Sendable, CustomTestStringConvertible {
    let key: String
    let listed: Int

    var testDescription: String { key }

    func set(_ number: String) -> String {
      let numbers = [String](repeating: number, count: max(listed, 1)).joined(separator: ", ")
      return listed > 0 ? "\(key)=[\(numbers)]" : "\(key)=\(numbers)"
    }
  }

  static let numeric: [Numeric] = keys.compactMap { (key: String) -> Numeric? in
    let refusal = failure { _ = try load(["\(key)={x: 1}"]) }
    guard let message = refusal?.message, message.contains("number") else { return nil }
    return Numeric(key: key, listed: message.contains("two numbers") ? 2 : message.contains("a list") ? 1 : 0)
  }

  private static let keys: [String] = {
    var open: [Substring] = []
    return Configuration().yaml.split(separator: "\n").filter { !$0.hasPrefix("#") }.compactMap { line in
      let name = line.drop { $0 == " " }.prefix { $0 != ":" }
      open = open.prefix(line.prefix { $0 == " " }.count / 2) + [name]
      return line.hasSuffix(":") ? nil : open.joined(separator: ".")
    }
  }()

  private static func load(_ overrides: [String]) throws -> Configuration {
    try Configuration.load(
      file: nil,
      overrides: [
        "features.bins=24", "encoder.channels=16", "encoder.aggregation=24", "encoder.embedding=16", "crop.seconds=0.4",
        "batch.speakers=3", "batch.unit=2",
      ] + overrides)
  }

  @Test func `all numbers are found`() {
    #expect(Self.numeric.count > 50)
    for key in ["seed", "crop.maximumSeconds", "augmentation.speed.factors", "augmentation.snr.noise", "batch.views"] {
      #expect(Self.numeric.contains { $0.key == key }, "\(key)")
    }
  }

  @Test(arguments: numeric) func `a number beyond all use is refused`(setting: Numeric) {
    for number in Self.beyond where setting.key != "seed" {
      let refusal = failure { _ = try Self.load([setting.set(number)]) }
      #expect(refusal?.kind == .usage && refusal?.message.contains(setting.key) == true, "\(setting.set(number))")
      #expect(refusal?.message.contains("\n") == false)
    }
  }

  @Test(arguments: numeric) func `what is not refused is harmless`(setting: Numeric) throws {
    let corpus = Corpus.synthetic([4, 4, 4, 4])
    for number in Self.extremes {
      do {
        let configuration = try Self.load([setting.set(number)])
        let plan = try TrainingPlan(configuration, corpus: corpus)
        for step in [0, 1, plan.steps - 1] {
          _ = (plan.schedules.learningRate.rate(at: step), plan.schedules.margin.margin(at: step))
          _ = (plan.batches.cropLengths.seconds(step: step), plan.batches.sampler.batch(step: step))
        }
      } catch let failure as Failure {
        #expect([.usage, .badData].contains(failure.kind) && !failure.message.contains("\n"), "\(failure)")
      }
    }
  }
}
