import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct TrialListTests {
  @Test func `a list of one kind of trials is told by its name`() {
    func list(_ targets: [Bool]) -> TrialList {
      TrialList(
        path: "a.list", names: ["a", "b"], trials: targets.map { .init(enrolment: 0, test: 1, isTarget: $0) })
    }
    #expect(failure { try list([true, false]).checkBothKinds() } == nil)
    #expect(
      failure { try list([true, true]).checkBothKinds() }?.message
        == "a.list: all 2 trials are targets: both kinds are needed")
    #expect(
      failure { try list([false]).checkBothKinds() }?.message
        == "a.list: all 1 trials are non-targets: both kinds are needed")
  }

  @Test(arguments: [
    "1 a/x/1.wav b\n0 a/x/1.wav c\n", "a/x/1.wav b target\na/x/1.wav c nontarget\n", "a/x/1.wav b 1\na/x/1.wav c 0\n",
    "a/x/1.wav\tb  1 \r\n a/x/1.wav c 0", "\n1 a/x/1.wav b\n\n\n0 a/x/1.wav c\n \n",
    "a/x/1.wav b 1\na/x/1.wav c nontarget\n",
  ])
  func `each order of fields gives the same trials`(text: String) throws {
    let list = try read(text)
    #expect(list.names == ["a/x/1.wav", "b", "c"])
    #expect(
      list.trials == [
        TrialList.Trial(enrolment: 0, test: 1, isTarget: true), TrialList.Trial(enrolment: 0, test: 2, isTarget: false),
      ])
    #expect(list.targets == [true, false])
  }

  @Test func `CN-Celeb's lines are enrolment, test and 1 or 0`() throws {
    let list = try read("id00800-enroll test/id00800-singing-01-001.wav 1\nid00800-enroll test/id00801-x.wav 0\n")
    #expect(list.names == ["id00800-enroll", "test/id00800-singing-01-001.wav", "test/id00801-x.wav"])
    #expect(list.targets == [true, false])
  }

  @Test func `utterances named 1 and 0 are told from the answer by the other lines`() throws {
    #expect(try read("1 0 1\n1 0 target\n").targets == [true, true])
    let first = try read("1 0 0\n0 1 b\n")
    #expect(first.names == ["0", "1", "b"])
    #expect(first.targets == [true, false])
    #expect(
      failure { _ = try read("\n1 0 1\n") }?.message.contains("trials, line 2: it is not clear which field") == true)
  }

  @Test(arguments: [
    ("a b\n", 1), ("1 a b c\n", 1), ("a b maybe\n", 1), ("1 a b\n\n2 a b\n", 3), ("1 a b\na b 1\n", 2),
    ("a b target\n1 a b\n", 2), ("a b target\na b\n", 2), ("1 0 1\na\n", 2),
  ])
  func `a malformed line is told by file, number and what was expected`(text: String, line: Int) {
    let failure = failure { _ = try read(text) }
    #expect(failure?.kind == .badData)
    #expect(failure?.message.contains("trials, line \(line): expected '") == true, "\(failure?.message ?? "none")")
  }

  @Test(arguments: ["", "\n \n"])
  func `an empty list is bad data`(text: String) {
    #expect(failure { _ = try read(text) }?.message.contains("has no trials") == true)
  }

  @Test func `lines are counted with the empty ones`() throws {
    let list = try read("\n\n1 a b\n1 a c\n\n1 a d\n")
    #expect((0..<3).map(list.line) == [3, 4, 6])
  }

  @Test func `many names keep their numbers`() throws {
    let count = 20_000
    let list = try read((0..<count).map { "u\($0) v\($0 / 7) \($0 % 2)\n" }.joined())
    #expect(list.trials.map { list.names[$0.enrolment] } == (0..<count).map { "u\($0)" })
    #expect(list.trials.map { list.names[$0.test] } == (0..<count).map { "v\($0 / 7)" })
    #expect(Set(list.names).count == list.names.count)
  }

  @Test(arguments: [
    ("a b 1\na c maybe\na d 0\n", [2], [1, 3]), ("a b\n1 a b\n0 a c\n", [1], [2, 3]),
    ("# header of a list\n\na b target\nx\na c d e\na d nontarget\n", [1, 4, 5], [3, 6]),
    ("a b\na c 1\na d\na e f g\na f\n", [2, 4], [1, 3, 5]), ("1 0 1\na\n1 0 target\n", [2], [1, 3]),
    ("a b 1\na b 0\n", [], [1, 2]),
  ])
  func `read leniently, a list loses its wrong lines alone`(text: String, faults: [Int], lines: [Int]) throws {
    let list = try withScratchFolder { folder in
      try write(text, to: folder + "/trials")
      return try TrialList.read(folder + "/trials", allowsBlind: true, isLenient: true)
    }
    #expect(list.faults.map(\.line) == faults)
    #expect(list.faults.allSatisfy { $0.what.hasPrefix("expected '") })
    #expect(list.trials.indices.map(list.line) == lines)
  }

  @Test(arguments: ["a b maybe\n", "a\nb\nc d e f\n", "\n", "1 0 1\n"])
  func `a list without a right line is refused, read leniently too`(text: String) throws {
    try withScratchFolder { folder in
      try write(text, to: folder + "/trials")
      for allowsBlind in [false, true] {
        let failure = failure {
          _ = try TrialList.read(folder + "/trials", allowsBlind: allowsBlind, isLenient: true)
        }
        #expect(failure?.kind == .badData && failure?.message.hasPrefix(folder + "/trials") == true)
      }
    }
  }

  @Test(arguments: [[0x61, 0xE9] as [UInt8], [0xC3], [0x61, 0xED, 0xA0, 0x80]])
  func `a name that is not UTF-8 is told by its line`(name: [UInt8]) throws {
    try withScratchFolder { folder in
      let path = folder + "/trials"
      for (before, after) in [("a b 1\n", " c 0\n"), ("a b 1\na ", " 1\n"), ("1 a b\n0 c ", "\n")] {
        let bytes = Array(before.utf8) + name + Array(after.utf8)
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let told = failure { _ = try TrialList.read(path) }
        #expect(told?.message == "\(path), line 2: not UTF-8: convert the file with iconv")
        let list = try TrialList.read(path, allowsBlind: false, isLenient: true)
        #expect(list.faults.map(\.line) == [2] && list.names == ["a", "b"] && list.trials.count == 1)
      }
    }
  }

  @Test func `an enrolment map is read line by line`() throws {
    try withScratchFolder { folder in
      let path = folder + "/enroll.map"
      try write("e1 a b\n\ne2  c\n", to: path)
      let map = try EnrolmentMap.read(path)
      #expect(map.enrolments.map(\.name) == ["e1", "e2"])
      #expect(map.enrolments.map(\.utterances) == [["a", "b"], ["c"]])
      #expect(map.enrolments.map(\.line) == [1, 3])
      try write("e1 a\ne2\n", to: path)
      #expect(failure { _ = try EnrolmentMap.read(path) }?.message.contains("line 2: expected 'enrolment utt") == true)
      let lenient = try EnrolmentMap.read(path, isLenient: true)
      #expect(lenient.enrolments.map(\.name) == ["e1"] && lenient.faults.map(\.line) == [2])
      for text in ["\n", "e1\n"] {
        try write(text, to: path)
        for isLenient in [false, true] {
          #expect(failure { _ = try EnrolmentMap.read(path, isLenient: isLenient) }?.kind == .badData)
        }
      }
    }
  }

  private func read(_ text: String) throws -> TrialList {
    try withScratchFolder { folder in
      try write(text, to: folder + "/trials")
      return try TrialList.read(folder + "/trials")
    }
  }
}
