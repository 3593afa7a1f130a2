import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct DetectionMetricsTests {
  @Test func `rates equal those counted at every threshold, ties or not`() throws {
    var stream = RandomStream(seed: 4, purpose: .test)
    for round in 0..<200 {
      let count = 2 + stream.below(60)
      // Few distinct scores make many ties.
      let distinct = round % 2 == 0 ? 1 + stream.below(8) : 1_000_000
      var targets = (0..<count).map { _ in stream.below(3) == 0 }
      targets[0] = true
      targets[1] = false
      let scores = targets.map { Float(stream.below(distinct)) / 7 + ($0 ? 0.3 : 0) }
      let metrics = try DetectionMetrics(scores: scores, targets: targets)
      let counted = Counted(scores: scores, targets: targets)
      #expect(abs(metrics.eer - counted.eer) < 1e-9)
      for prior in [0.01, 0.05, 0.3, 0.9] {
        #expect(abs(metrics.minDCF(prior: prior) - counted.minDCF(prior: prior)) < 1e-12)
      }
      #expect(metrics.minDCF[0.01] == metrics.minDCF(prior: 0.01))
      #expect(metrics.minDCF[0.05] == metrics.minDCF(prior: 0.05))
      #expect(metrics.trials == count)
      #expect(metrics.targets == targets.filter(\.self).count)
    }
  }

  @Test func `the order of trials does not matter`() throws {
    var stream = RandomStream(seed: 5, purpose: .test)
    let trials = (0..<500).map { (score: Float(stream.below(50)), target: $0 % 3 == 0) }
    let shuffled = stream.shuffled(trials)
    let first = try DetectionMetrics(scores: trials.map(\.score), targets: trials.map(\.target))
    let second = try DetectionMetrics(scores: shuffled.map(\.score), targets: shuffled.map(\.target))
    #expect(first.json == second.json)
  }

  @Test func `scores that separate have no errors, reversed ones all`() throws {
    let targets = [true, true, false, false]
    let right = try DetectionMetrics(scores: [0.9, 0.8, 0.1, 0.2], targets: targets)
    #expect(right.eer == 0)
    #expect(right.minDCF == [0.01: 0, 0.05: 0])
    let wrong = try DetectionMetrics(scores: [0.1, 0.2, 0.9, 0.8], targets: targets)
    #expect(wrong.eer == 100)
    #expect(wrong.minDCF == [0.01: 1, 0.05: 1])
  }

  @Test func `one score for all trials is chance`() throws {
    let metrics = try DetectionMetrics(scores: [0, -0.0, 0], targets: [true, false, false])
    #expect(metrics.eer == 50)
    #expect(metrics.minDCF[0.01] == 1)
  }

  /// Targets 2, 4, 6, 8 and non-targets 1, 3, 5, 7, 9: after score 5 half of the targets are missed and two of five
  /// non-targets accepted, at 4 half and three of five: the crossing is at 1/2.
  @Test func `a set worked out by hand has its rates`() throws {
    let scores: [Float] = [2, 4, 6, 8, 1, 3, 5, 7, 9]
    let metrics = try DetectionMetrics(scores: scores, targets: scores.indices.map { $0 < 4 })
    #expect(abs(metrics.eer - 50) < 1e-12)
    #expect(metrics.eerThreshold == 5)
    #expect(metrics.minDCF[0.05] == 1)
  }

  @Test func `JSON has the keys and the order that readers know`() throws {
    let metrics = try DetectionMetrics(scores: [1, 0, 0.5, 0.25], targets: [true, true, false, false])
    let expected = #"{"eer":50.0,"minDCF":{"0.01":0.5,"0.05":0.5},"trials":4,"targets":2}"#
    #expect(metrics.json == expected)
  }

  @Test func `what has no rates is refused in words`() {
    #expect(failure { _ = try DetectionMetrics(scores: [], targets: []) }?.message.contains("no trials") == true)
    let targets = failure { _ = try DetectionMetrics(scores: [1, 2], targets: [true, true]) }
    #expect(targets?.message.contains("all 2 trials are targets") == true)
    let nonTargets = failure { _ = try DetectionMetrics(scores: [1, 2], targets: [false, false]) }
    #expect(nonTargets?.message.contains("all 2 trials are non-targets") == true)
    for score in [Float.nan, .infinity, -.infinity] {
      let failure = failure { _ = try DetectionMetrics(scores: [0, score], targets: [true, false]) }
      #expect(failure?.kind == .badData)
      #expect(failure?.message.contains("trial 2") == true)
    }
  }
}

/// The definitions, counted for each threshold anew.
private struct Counted {
  private let rates: [(misses: Double, falseAlarms: Double)]

  init(scores: [Float], targets: [Bool]) {
    let trials = Array(zip(scores, targets))
    let targetCount = Double(targets.filter(\.self).count)
    let nonTargetCount = Double(targets.count) - targetCount
    rates = ([-.infinity] + Set(scores).sorted()).map { threshold in
      let misses = trials.filter { $0.1 && $0.0 <= threshold }.count
      let falseAlarms = trials.filter { !$0.1 && $0.0 > threshold }.count
      return (Double(misses) / targetCount, Double(falseAlarms) / nonTargetCount)
    }
  }

  /// The EER as wespeaker's compute_eer finds it.
  var eer: Double {
    let after = rates.first { $0.misses >= $0.falseAlarms }!
    let before = rates.last { $0.misses < $0.falseAlarms }!
    let share =
      (after.misses - after.falseAlarms)
      / (before.falseAlarms - after.falseAlarms - (before.misses - after.misses))
    return 100 * (after.misses + share * (before.misses - after.misses))
  }

  func minDCF(prior: Double) -> Double {
    rates.map { prior * $0.misses + (1 - prior) * $0.falseAlarms }.min()! / min(prior, 1 - prior)
  }
}
