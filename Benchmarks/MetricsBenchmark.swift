import DistTrain
import Foundation

/// EER and minDCF of CN-Celeb's number of trials.
enum MetricsBenchmark: Benchmark {
  static let name = "metrics"
  static let summary = "EER and minDCF of 3.5 million trials, one in 200 a target"

  static func run() throws -> [Measure] {
    let count = 3_500_000
    var stream = RandomStream(seed: 1, purpose: .test)
    let targets = (0..<count).map { _ in stream.below(200) == 0 }
    let scores = targets.map { Float(stream.normal() * 0.15 + ($0 ? 0.5 : 0)) }
    let before = try ResidentMemory.startPeak()
    let clock = ContinuousClock()
    var metrics: DetectionMetrics?
    let duration = try clock.measure { metrics = try DetectionMetrics(scores: scores, targets: targets) }
    let growth = ResidentMemory.peak - before
    print("  \(metrics?.summary ?? "")")
    return [
      Measure(quantity: "time", value: duration / .seconds(1), unit: "s", bound: 5),
      Measure(quantity: "memory's growth at its peak", value: Double(growth) / 1e6, unit: "MB", bound: 500),
    ]
  }
}
