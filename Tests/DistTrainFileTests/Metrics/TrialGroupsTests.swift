import DistTrain
import TestTools
import Testing

@Suite struct TrialGroupsTests {
  @Test func `groups have their own rates and those at the common threshold`() {
    let groups = TrialGroups(
      scores: [0.9, 0.4, 0.4, 0.6, 0.1, 0.7], targets: [true, true, false, false, false, false],
      values: [(0, 0), (1, 1), (0, 0), (1, 1), (0, 1), (1, 0)], names: ["f", "m"], threshold: 0.4)
    #expect(groups.rows.map(\.name) == ["f", "m", "f × m"])
    #expect(groups.rows.map(\.trials) == [2, 2, 2])
    #expect(groups.rows.map(\.targets) == [1, 1, 0])
    #expect(groups.rows.map(\.eer) == [0, 100, nil])
    #expect(groups.rows.map(\.misses) == [0, 100, nil])
    #expect(groups.rows.map(\.falseAlarms) == [0, 100, 50])
  }

  @Test func `many pairs of different values are one row`() {
    let names = (0..<6).map { "v\($0)" }
    let pairs = (0..<6).flatMap { first in (0..<6).map { (enrolment: first, test: $0) } }
    let groups = TrialGroups(
      scores: pairs.map { Float($0.enrolment) }, targets: pairs.map { $0.enrolment == $0.test }, values: pairs,
      names: names, threshold: 2)
    #expect(groups.rows.map(\.name) == names + ["different"])
    #expect(groups.rows.last?.trials == 30)
    #expect(groups.rows.last?.falseAlarms == 50)
  }

  @Test func `values are classes: words, few numbers, ranges of many, and what is unknown`() {
    let words = ValueClasses(["b", "a", nil, "b"])
    #expect(words.names == ["a", "b", "unknown"])
    #expect(words.numbers == [1, 0, 2, 1])
    let numbers = ValueClasses(["10", "9", "10"])
    #expect(numbers.names == ["9", "10"])
    #expect(numbers.numbers == [1, 0, 1])
    let many = ValueClasses((0..<20).map { "\($0)" } + [nil])
    #expect(many.names == ["below 5", "5 to 10", "10 to 15", "15 and more", "unknown"])
    #expect(many.numbers == (0..<20).map { $0 / 5 } + [4])
    let lengths = ValueClasses([0.5, 2, 1.9, 30], bounds: [1, 2, 3], unit: " s")
    #expect(lengths.names == ["below 1 s", "1 to 2 s", "2 to 3 s", "3 s and more"])
    #expect(lengths.numbers == [0, 2, 1, 3])
    #expect(ValueClasses([1, 2], bounds: [], unit: "").names == ["all"])
  }

  @Test func `the worst trials are the lowest targets and the highest others, in the list's order where equal`() throws
  {
    let trials = try RankedTrials(
      scores: [0.3, 0.9, 0.9, 0.1, 0.3, 0.9, 0.2], targets: [true, false, false, false, true, false, true])
    #expect(WorstTrials(trials, count: 2).targets == [6, 0])
    #expect(WorstTrials(trials, count: 2).nonTargets == [1, 2])
    #expect(WorstTrials(trials, count: 9).targets == [6, 0, 4])
    #expect(WorstTrials(trials, count: 9).nonTargets == [1, 2, 5, 3])
    #expect(WorstTrials(trials, count: 0) == WorstTrials(trials, count: 0))
    #expect(WorstTrials(trials, count: 0).nonTargets.isEmpty)
  }
}
