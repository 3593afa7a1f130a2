import DistTrain
import Foundation
import Synchronization
import TestTools
import Testing

@Suite struct CorpusOverlapTests {
  private func corpus(_ utterances: [(id: String, speaker: String, path: String)]) -> Corpus {
    Corpus(utterances.map { ListedUtterance(id: $0.id, speaker: $0.speaker, path: $0.path, seconds: 1) })
  }

  @Test func `speakers, utterances and files are found by their names, each for itself`() {
    let training = corpus([("a", "s", "/x/1.wav"), ("b", "t", "/x/2.wav"), ("c", "t", "/x/3.wav")])
    let evaluation = corpus([("d", "s", "/y/1.wav"), ("b", "u", "/y/2.wav"), ("e", "v", "/x/3.wav")])
    let overlap = CorpusOverlap(training: training, evaluation: evaluation)
    #expect(overlap.speakers == ["s"] && overlap.utterances == ["b"] && overlap.files == ["/x/3.wav"])
    #expect(
      overlap.summary == "1 speaker (s), 1 utterance (b), 1 file (/x/3.wav)" && overlap.unread == nil
    )
    let apart = corpus([("d", "v", "/y/1.wav")])
    #expect(CorpusOverlap(training: training, evaluation: apart).summary == nil)
  }

  @Test(arguments: ["a link", "another name", "a copy", "other bytes", "no file"])
  func `recordings under other names are found by file and by checksum`(_ what: String) throws {
    try withScratchFolder { folder in
      let (trained, held) = ("\(folder)/trained.wav", "\(folder)/held.wav")
      try Data("one recording".utf8).write(to: URL(fileURLWithPath: trained))
      switch what {
      case "a link": #expect(symlink(trained, held) == 0)
      case "another name": #expect(link(trained, held) == 0)
      case "a copy": try FileManager.default.copyItem(atPath: trained, toPath: held)
      case "other bytes": try Data("two recording".utf8).write(to: URL(fileURLWithPath: held))
      default: break
      }
      let training = corpus([("a", "s", trained), ("b", "s", "\(folder)/missing.wav")])
      let overlap = CorpusOverlap(training: training, evaluation: corpus([("x", "t", held)]))
      #expect(overlap.files == (["other bytes", "no file"].contains(what) ? [] : [held]))
      #expect(overlap.copies == overlap.files.map { CorpusOverlap.Copy(path: $0, original: trained) })
      #expect(overlap.speakers.isEmpty && overlap.utterances.isEmpty)
    }
  }

  @Test func `copies are found among many files of one length`() throws {
    try withScratchFolder { folder in
      /// A recording whose beginning and end are given by numbers.
      func write(_ name: String, _ beginning: UInt8, _ end: UInt8, count: Int = 10_000) throws -> String {
        let bytes = [UInt8](repeating: beginning, count: count - 1) + [end]
        try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
        return "\(folder)/\(name)"
      }
      let trained =
        try (0..<12).map { try write("t\($0)", UInt8($0 % 4), UInt8($0)) } + [write("short", 1, 9, count: 90)]
      let held = try [
        write("other beginning", 9, 3), write("other end", 1, 30), write("other length", 1, 1, count: 10_001),
        write("copy", 1, 5), write("second copy", 1, 5), write("short copy", 1, 9, count: 90), write("last", 3, 11),
      ]
      let overlap = CorpusOverlap(
        training: corpus(trained.enumerated().map { ("t\($0)", "s", $1) }),
        evaluation: corpus(held.enumerated().map { ("h\($0)", "t", $1) }))
      #expect(overlap.files == ["copy", "last", "second copy", "short copy"].map { "\(folder)/\($0)" })
    }
  }

  @Test func `each look at the contents of files counts them, and each file when it is done`() throws {
    try withScratchFolder { folder in
      for (name, text) in [("a", "one"), ("b", "one"), ("c", "two")] {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
      }
      let expected = Mutex<[Int]>([])
      let done = Mutex(0)
      let overlap = CorpusOverlap(
        training: corpus([("a", "s", "\(folder)/a"), ("c", "s", "\(folder)/c")]),
        evaluation: corpus([("x", "t", "\(folder)/b")]),
        counting: { count in
          expected.withLock { $0.append(count) }
          return { done.withLock { $0 += 1 } }
        })
      // By file, by length and by beginning, which only the third file has for itself, and the others by checksum.
      #expect(overlap.files == ["\(folder)/b"])
      #expect(expected.withLock { $0 } == [3, 3, 3, 2] && done.withLock { $0 } == 11)
    }
  }

  @Test func `beyond 100,000 files of one length to train on, contents are not compared, which is told`() throws {
    try withScratchFolder { folder in
      for name in ["a", "b"] { try Data("one recording".utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)")) }
      var many: [(id: String, speaker: String, path: String)] = [("u", "s", "\(folder)/a")]
      for number in 1...100_000 { many.append(("u\(number)", "s", "\(folder)/none-\(number)")) }
      let evaluation = corpus([("x", "t", "\(folder)/b")])
      let overlap = CorpusOverlap(training: corpus(many), evaluation: evaluation)
      #expect(
        overlap.files.isEmpty
          && overlap.unread?.hasPrefix("100001 files to train on and 1 to evaluate on are compared by path") == true)
      let fewer = CorpusOverlap(training: corpus(Array(many.dropLast())), evaluation: evaluation)
      #expect(fewer.files == ["\(folder)/b"] && fewer.unread == nil)
    }
  }

  @Test func `names of other bytes are other names`() {
    let training = corpus([("a", "\u{E9}", "/x/1.wav")])
    let evaluation = corpus([("b", "e\u{301}", "/y/1.wav")])
    #expect(CorpusOverlap(training: training, evaluation: evaluation).summary == nil)
  }
}
