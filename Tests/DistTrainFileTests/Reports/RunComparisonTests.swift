import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct RunComparisonTests {
  private func comparison(_ fixtures: [RunFixture], resamples: Int = 200) throws -> RunComparison {
    try withScratchFolder { folder in
      RunComparison(try RecordedRun.read(fixtures.map { try $0.write(in: folder) }) { _ in }, resamples: resamples)
    }
  }

  /// The cells of a table's row.
  private func row(_ name: String, _ comparison: RunComparison) throws -> [String] {
    let line = try #require(comparison.text.split(separator: "\n").first { $0.hasPrefix(name + "  ") }, "\(name)")
    return line.dropFirst(name.count).components(separatedBy: "  ").map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { !$0.isEmpty }
  }

  @Test func `a table has the settings that differ and what came of the runs`() throws {
    var second = RunFixture(
      name: "second", settings: "seed: 2\ntraining: {steps: 30}\n", evaluations: [(0, 8), (5, 9)])
    second.separation = nil
    let comparison = try comparison([RunFixture(), second])
    #expect(try row("seed", comparison) == ["1", "2"])
    #expect(try row("training.steps", comparison) == ["20", "30"])
    #expect(try row("steps", comparison) == ["20 of 20", "20 of 30"])
    #expect(try row("evaluated at step", comparison) == ["20", "5"])
    #expect(try row("EER %", comparison).last == "9.000")
    let first = try #require(row("EER %", comparison).first)
    let numbers = first.split { " [,]".contains($0) }.compactMap { Double($0) }
    #expect(numbers.count == 3 && numbers[0] == 15 && numbers[1] < numbers[2], "\(first)")
    #expect(try row("best EER %", comparison) == ["12.000 at step 10", "9.000 at step 5"])
    #expect(try row("time", comparison) == ["1 min 00 s", "1 min 00 s"])
    #expect(try row("utterances/s", comparison) == ["16.0", "16.0"])
    #expect(comparison.text.contains("no paired test of second: "))
  }

  @Test func `figures are those of svdist metrics on the scores, with their paired test`() throws {
    var second = RunFixture(name: "second")
    second.separation = 0.25
    let json = try JSONSerialization.jsonObject(with: Data(try comparison([RunFixture(), second]).json.utf8))
    let runs = try #require((json as? [String: Any])?["runs"] as? [[String: Any]])
    #expect(runs.map { $0["name"] as? String } == ["run", "second"])
    #expect(runs[0]["differences"] is NSNull)
    let expected = try expectedDifference()
    let differences = try #require(runs[1]["differences"] as? [String: [String: Any]])
    #expect(differences.keys.sorted() == ["EER", "minDCF(0.01)", "minDCF(0.05)"])
    let found = try #require(differences["EER"])
    let interval = try #require(found["interval"] as? [Double])
    let numbers = [found["value"] as? Double, found["p"] as? Double, interval.first, interval.last].compactMap(\.self)
    // Foundation's reader rounds the last digit otherwise.
    let wanted = [expected.value, expected.p, expected.interval.low, expected.interval.high]
    #expect(numbers.count == 4 && zip(numbers, wanted).allSatisfy { abs($0 - $1) < 1e-12 }, "\(numbers) \(wanted)")
    #expect(expected.p < 1 && expected.value > 0)
    let evaluation = try #require(runs[0]["evaluation"] as? [String: Any])
    let eer = try #require(evaluation["eer"] as? [String: Any])
    #expect(eer["value"] as? Double == 15)
    #expect((eer["interval"] as? [Double])?.count == 2)
    #expect(runs[0]["elapsedSeconds"] as? Double == 60)
    #expect((runs[0]["best"] as? [String: Any])?["step"] as? Int == 10)
  }

  /// What `SystemComparison` finds for the scores of both runs.
  private func expectedDifference() throws -> SystemComparison.Difference {
    try withScratchFolder { folder in
      var second = RunFixture(name: "second")
      second.separation = 0.25
      let lists = try [RunFixture(), second].map { try ScoreList.read($0.write(in: folder) + "/evaluation/scores") }
      let ranked = try lists.map { try RankedTrials(scores: $0.scores, targets: $0.list.targets) }
      let pairs = lists[0].list.trials.map { (enrolment: $0.enrolment, test: $0.test) }
      let speakers = TrialSpeakers(pairs: pairs, targets: lists[0].list.targets, names: lists[0].list.names.count)
      let bootstrap = SpeakerBootstrap(speakers, resamples: 200)
      let comparison = try SystemComparison(ranked[0], ranked[1], DetectionFigures.Choice(), bootstrap)
      return comparison.differences[0]
    }
  }

  @Test func `scores of other trials, of few speakers or without resamples are not compared`() throws {
    let first = RunFixture()
    let others = [RunFixture(name: "more", speakers: 9), RunFixture(name: "fewer", speakers: 7)]
    for other in others { #expect(try comparison([first, other]).text.contains("no paired test of \(other.name)")) }
    let few = [RunFixture(speakers: 4), RunFixture(name: "second", speakers: 4)]
    #expect(try comparison(few).text.contains("no paired test"))
    let second = RunFixture(name: "second")
    #expect(try comparison([first, second], resamples: 0).text.contains("no paired test"))
    #expect(try !comparison([first, second]).text.contains("no paired test"))
    #expect(try !comparison([first]).text.contains("no paired test"))
  }

  @Test func `each further set has rows, with dashes where a run was not evaluated on it`() throws {
    var first = RunFixture()
    first.sets = ["an4": [(0, 30), (10, 8.25), (20, 9)], "empty": []]
    var second = RunFixture(name: "second")
    second.sets = ["an4": [(5, 7)], "arabic": [(20, 20.5)]]
    let comparison = try comparison([first, second])
    #expect(try row("an4: EER %", comparison) == ["9.000 at step 20", "7.000 at step 5"])
    #expect(try row("an4: best EER %", comparison) == ["8.250 at step 10", "7.000 at step 5"])
    #expect(try row("arabic: EER %", comparison) == ["–", "20.500 at step 20"])
    #expect(!comparison.text.contains("empty"))
    let json = try JSONSerialization.jsonObject(with: Data(comparison.json.utf8))
    let runs = try #require((json as? [String: Any])?["runs"] as? [[String: Any]])
    let sets = runs.map { $0["sets"] as? [String: [String: [String: Any]]] ?? [:] }
    #expect(sets.map { $0.keys.sorted() } == [["an4"], ["an4", "arabic"]])
    #expect(sets[0]["an4"]?["evaluation"]?["step"] as? Int == 20)
    #expect((sets[0]["an4"]?["evaluation"]?["eer"] as? [String: Any])?["value"] as? Double == 9)
    #expect(sets[0]["an4"]?["best"]?["eer"] as? Double == 8.25)
  }

  @Test func `scores of an earlier last step give no interval to a later evaluation`() throws {
    try withScratchFolder { folder in
      let path = try RunFixture().write(in: folder)
      try write("{\"eer\":11}\n", to: path + "/evaluation/step-30.json")
      let comparison = RunComparison(try RecordedRun.read([path]) { _ in }, resamples: 100)
      #expect(try row("EER %", comparison) == ["11.000"])
      #expect(try row("best EER %", comparison) == ["11.000 at step 30"])
    }
  }
}
