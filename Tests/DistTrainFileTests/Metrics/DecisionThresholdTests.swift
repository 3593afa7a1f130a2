import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct DecisionThresholdTests {
  /// All pairs of 20 speakers' utterances.
  private struct Draw {
    var pairs: [(enrolment: Int, test: Int)] = []
    var targets: [Bool] = []
    var scores: [Float] = []

    init(utterances: Int = 3) {
      var stream = RandomStream(seed: 11, purpose: .test)
      let count = 20 * utterances
      for first in 0..<count {
        for second in first + 1..<count {
          pairs.append((first, second))
          let isTarget = first / utterances == second / utterances
          targets.append(isTarget)
          scores.append(Float(stream.normal()) + (isTarget ? 3 : 0))
        }
      }
    }

    func speakers(utterances: Int = 3) -> TrialSpeakers {
      TrialSpeakers(pairs: pairs, speakers: (0..<20 * utterances).map { $0 / utterances })
    }
  }

  private func threshold(_ draw: Draw, _ rate: Double) throws -> DecisionThreshold {
    try DecisionThreshold(
      RankedTrials(scores: draw.scores, targets: draw.targets), speakers: draw.speakers(), falseAccepts: rate,
      resamples: 200)
  }

  @Test func `the threshold is the lowest score that keeps the wanted rate`() throws {
    let draw = Draw()
    let others = zip(draw.scores, draw.targets).filter { !$0.1 }.map(\.0).sorted()
    for rate in [0.02, 0.05, 0.5] {
      let found = try threshold(draw, rate)
      let accepted = Int(rate * Double(others.count))
      #expect(found.threshold.value == Double(others[others.count - accepted - 1]))
      #expect(found.falseAccepts.value == Double(accepted) / Double(others.count))
      let missed = zip(draw.scores, draw.targets).count { $0.1 && Double($0.0) <= found.threshold.value }
      #expect(found.misses.value == Double(missed) / 60)
      #expect(found.threshold.low < found.threshold.value && found.threshold.value < found.threshold.high)
      #expect(found.falseAccepts.low < rate && rate < found.falseAccepts.high)
      #expect(found.misses.low <= found.misses.value && found.misses.value <= found.misses.high)
      #expect(found.nonTargets == 1710 && found.targets == 60 && found.speakers == 20)
    }
  }

  @Test func `a rate that rests on fewer than 30 false accepts is refused, with the number that is needed`() throws {
    let draw = Draw()
    #expect(try threshold(draw, 30 / 1710.0 + 1e-9).wanted > 0)
    let refusal = #expect(throws: Failure.self) { try threshold(draw, 0.001) }
    #expect(refusal?.message.contains("30000 non-targets") == true)
    // Seventeen false accepts are too few, too.
    #expect(throws: Failure.self) { try threshold(draw, 0.01) }
    #expect(refusal?.message.contains("0.0175") == true)
    #expect(refusal?.kind == .badData)
    let few = #expect(throws: Failure.self) {
      try DecisionThreshold(
        RankedTrials(scores: draw.scores, targets: draw.targets),
        speakers: TrialSpeakers(pairs: draw.pairs, speakers: (0..<60).map { $0 % 4 }), falseAccepts: 0.1, resamples: 100
      )
    }
    #expect(few?.message.contains("4 speakers") == true)
  }

  @Test func `a target with the threshold's score is missed`() throws {
    var draw = Draw()
    let others = zip(draw.scores, draw.targets).filter { !$0.1 }.map(\.0).sorted()
    let first = try #require(draw.targets.firstIndex(of: true))
    draw.scores[first] = others[others.count - 86]
    let found = try threshold(draw, 0.05)
    #expect(found.threshold.value == Double(draw.scores[first]))
    let below = zip(draw.scores, draw.targets).count { $0.1 && Double($0.0) < found.threshold.value }
    #expect(found.misses.value == Double(below + 1) / 60)
  }

  @Test func `equal scores that leave no such rate are refused`() throws {
    var draw = Draw()
    draw.scores = draw.targets.map { $0 ? 1 : 0 }
    let refusal = #expect(throws: Failure.self) { try threshold(draw, 0.3) }
    #expect(refusal?.kind == .badData && refusal?.message.contains("have the score 0") == true)
  }

  @Test func `a stored threshold answers same above its interval, different below, and otherwise cannot tell`() throws {
    let found = try threshold(Draw(), 0.05)
    try withScratchFolder { folder in
      let path = folder + "/threshold.json"
      try DecisionFile.check(path)
      let origin = ScoreOrigin(kind: "cosine", encoder: "abc", backEnd: nil)
      try DecisionFile.write(found, of: origin, to: path)
      try DecisionFile.check(path)
      let rule = try DecisionFile.read(path)
      #expect(rule.scores == origin)
      try DecisionFile.write(found, of: nil, to: folder + "/unknown.json")
      #expect(try DecisionFile.read(folder + "/unknown.json").scores == nil)
      #expect(rule.answer(found.threshold.high.nextUp) == .same)
      #expect(rule.answer(found.threshold.high) == .unknown)
      #expect(rule.answer(found.threshold.low.nextUp) == .unknown)
      #expect(rule.answer(found.threshold.low) == .different)
      for text in ["", "{}", "0.5", "{\"format\":\"svdist threshold 2\"}"] {
        try write(text, to: folder + "/other")
        #expect(throws: Failure.self) { try DecisionFile.read(folder + "/other") }
        if !text.isEmpty { #expect(throws: Failure.self) { try DecisionFile.check(folder + "/other") } }
      }
      try write(
        String(contentsOfFile: path, encoding: .utf8).replacingOccurrences(of: "\"low\":", with: "\"low\":9"),
        to: folder + "/turned")
      #expect(throws: Failure.self) { try DecisionFile.read(folder + "/turned") }
    }
  }
}
