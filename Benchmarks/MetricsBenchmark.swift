import ArgumentParser
import DistTrain
import Foundation

/// EER and minDCF of CN-Celeb's number of trials.
struct MetricsBenchmark: Benchmark {
  static let configuration = CommandConfiguration(
    commandName: "metrics", abstract: "EER and minDCF of 3.5 million trials, one in 200 a target.")

  @OptionGroup var output: OutputOptions

  func measure(_ communicator: any Communicator) throws -> [Measure] {
    let count = 3_500_000
    var stream = RandomStream(seed: 1, purpose: .test)
    let targets = (0..<count).map { _ in stream.below(200) == 0 }
    let scores = targets.map { Float(stream.normal() * 0.15 + ($0 ? 0.5 : 0)) }
    let before = try ResidentMemory.startPeak()
    let seconds = try Seconds.of { _ = try DetectionMetrics(scores: scores, targets: targets) }
    let growth = ResidentMemory.peak - before
    return [
      Measure(quantity: "time", value: seconds, unit: "s", bound: .atMost(5)),
      Measure(quantity: "memory's growth at its peak", value: Double(growth) / 1e6, unit: "MB", bound: .atMost(500)),
    ]
  }
}
