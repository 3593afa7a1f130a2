import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct ScoreListTests {
  private func read(_ text: String) throws -> ScoreList {
    try withScratchFolder { folder in
      try write(text, to: folder + "/scores")
      return try ScoreList.read(folder + "/scores")
    }
  }

  @Test func `answers stand behind the score, before it or not at all`() throws {
    for (text, isBlind) in [
      ("a b 0.5 target\n\nb c -1e-2 nontarget\n", false), ("a b 1 0.5\nb c 0 -0.01\n", false),
      ("a b 0.5 1\r\nb c -.01 0", false), ("a b 0.5\nb c -0.01\n", true),
      // The first line fits both orders.
      ("a b 1 1\na b 0.5 1\nb c -0.01 0\n", false),
    ] {
      let list = try read(text)
      #expect(list.list.isBlind == isBlind)
      #expect(list.scores.suffix(2) == [0.5, -0.01])
      #expect(list.list.names == ["a", "b", "c"])
      if !isBlind { #expect(list.list.targets.suffix(2) == [true, false]) }
    }
  }

  @Test(arguments: [
    "", "a b\n", "a b x\n", "a b 0.5 perhaps\n", "a b 0.5 target more\n", "a b 0.5 target\na b 0.5\n", "a b 0x1p3\n",
    "a b nan\n", "a b inf target\n", "a b 0.5\na b 0.5 target\n", "a b 1 1\na b 0 0\n",
  ])
  func `other lines are refused`(_ text: String) {
    #expect(throws: Failure.self) { try read(text) }
  }

  @Test func `scores are found by the names of a list's trials`() throws {
    let scores = try read("a b 1\nb a 2\na c 3\nx y 4\n")
    let list = TrialList(
      path: "t", names: ["c", "a", "b"],
      trials: [(1, 0), (1, 2), (2, 1), (1, 2)].map {
        TrialList.Trial(enrolment: $0.0, test: $0.1, isTarget: true)
      })
    let found = try scores.scores(of: list)
    #expect(found.scores == [3, 1, 2, 1])
    #expect(found.unused == 1)
    #expect(list.repetitions?.contains("1 of 4 trials") == true)
    #expect(scores.list.repetitions == nil)
    #expect(found.contradicted == 0)
    let answered = try read("a c 3 nontarget\na b 1 target\nb a 2 nontarget\n")
    #expect(try answered.scores(of: list).contradicted == 2)
    let absent = TrialList(
      path: "t", names: ["c", "a"], trials: [TrialList.Trial(enrolment: 0, test: 1, isTarget: true)])
    #expect(throws: Failure.self) { try scores.scores(of: absent) }
    let twice = try read("a b 1\nb a 2\na b 3\n")
    #expect(throws: Failure.self) { try twice.scores(of: twice.list) }
  }
}
