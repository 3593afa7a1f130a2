import DistTrain
import Foundation
import TestTools
import Testing

@Suite("A corpus")
struct CorpusTests {
  private let folder: TestFolder

  init() throws {
    folder = try TestFolder()
  }

  /// Writes a valid directory of three utterances, with some of its lists replaced; an empty text leaves a list out.
  private func write(_ lists: [String: String] = [:]) throws {
    let valid = [
      "wav.scp": "b-1 b/1.wav\na-1 a/1.wav\na-2 a/2 2.wav\n", "utt2spk": "a-1 a\na-2 a\nb-1 b\n",
      "utt2dur": "a-1 1.5\na-2 2\nb-1 0.75\n",
    ]
    for (name, text) in valid.merging(lists, uniquingKeysWith: { $1 }) where !text.isEmpty {
      try folder.write(name, text)
    }
  }

  @Test("is read from a Kaldi data directory in byte order")
  func reads() throws {
    try write()
    let corpus = try Corpus.open(folder.path)
    #expect(corpus.speakers == ["a", "b"])
    #expect(corpus.utterances.map(\.id) == ["a-1", "a-2", "b-1"])
    #expect(corpus.utterances.map(\.speaker) == [0, 0, 1])
    #expect(corpus.utterances.map(\.seconds) == [1.5, 2, 0.75])
    #expect(corpus.utterances.map(\.path) == ["a/1.wav", "a/2 2.wav", "b/1.wav"].map { folder.path($0) })
    #expect(corpus.utterancesOfSpeaker.map { Array($0) } == [[0, 1], [2]])
    #expect(corpus.utterance(named: "a-2") == 1)
    #expect(corpus.utterance(named: "a-3") == nil)
  }

  @Test("sorts by bytes, not by the alphabet")
  func byteOrder() throws {
    let ids = ["a", "B", "é", "Z", "a/1", "a-1"]
    try write([
      "wav.scp": ids.map { "\($0) x.wav\n" }.joined(), "utt2spk": ids.map { "\($0) \($0)\n" }.joined(),
      "utt2dur": ids.map { "\($0) 1\n" }.joined(),
    ])
    let corpus = try Corpus.open(folder.path)
    #expect(corpus.utterances.map(\.id) == ["B", "Z", "a", "a-1", "a/1", "é"])
    #expect(corpus.speakers == corpus.utterances.map(\.id))
  }

  @Test("takes lists with tabs, carriage returns, a byte order mark and no last line break")
  func lenientLists() throws {
    try write(["wav.scp": "\u{FEFF}a-1\ta/1.wav\r\na-2  a/2.wav \r\nb-1 b/1.wav"])
    let corpus = try Corpus.open(folder.path)
    #expect(corpus.utterances.map(\.path) == ["a/1.wav", "a/2.wav", "b/1.wav"].map { folder.path($0) })
  }

  @Test("cuts segments from recordings, whose lengths need no utt2dur")
  func segments() throws {
    try write([
      "wav.scp": "r2 two.wav\nr1 one.wav\n", "segments": "b-1 r2 0 1.25\na-1 r1 1.2 2.4\na-2 r1 2.4 3\n", "utt2dur": "",
    ])
    let corpus = try Corpus.open(folder.path)
    #expect(corpus.utterances.map(\.path) == ["one.wav", "one.wav", "two.wav"].map { folder.path($0) })
    #expect(corpus.utterances.map(\.start) == [1.2, 2.4, 0])
    #expect(corpus.utterances.map(\.seconds) == [1.2, 0.6, 1.25])
  }

  @Test("looks for a relative path in the list's folder first, then in the working directory")
  func relativePaths() throws {
    let working = try TestFolder()
    try folder.write("both/1.wav", "x")
    try folder.write("both/own.wav", "x")
    try folder.write("own/1.wav", "x")
    for name in ["both/1.wav", "both/other.wav", "other/1.wav"] { try working.write(name, "x") }
    var resolver = PathResolver(folder: folder.path, workingDirectory: working.path)
    for name in [
      "both/1.wav", "both/own.wav", "both/gone.wav", "own/1.wav", "own/gone.wav", "gone/1.wav", "other/gone.wav",
    ] {
      #expect(resolver.resolve(name) == folder.path(name))
    }
    for name in ["both/other.wav", "other/1.wav"] {
      #expect(resolver.resolve(name) == working.path(name))
    }
    #expect(resolver.resolve("/absolute/1.wav") == "/absolute/1.wav")
  }

  @Test("has its lengths read from the files where no list tells them")
  func lengthsFromFiles() throws {
    try write(["utt2dur": ""])
    for (name, seconds) in [("a/1.wav", 1.0), ("a/2 2.wav", 0.5), ("b/1.wav", 0.25)] {
      try folder.writeTone(name, seconds: seconds)
    }
    #expect(try Corpus.open(folder.path).utterances.map(\.seconds) == [1, 0.5, 0.25])
    try FileManager.default.removeItem(atPath: folder.path("a/2 2.wav"))
    let rest = try Corpus.open(folder.path)
    #expect(rest.utterances.map(\.seconds) == [1, 0, 0.25])
    #expect(rest.losses(in: "x")[0].contains(folder.path("a/2 2.wav")))
  }

  @Test("that loses a recording without a listed length is the same corpus, with the same numbers")
  func lostRecordings() throws {
    try write(["utt2dur": ""])
    let whole = try Corpus.open(folder.path) { _ in 2 }
    #expect(whole.knownUnreadable.isEmpty && whole.lost == 0)
    let rest = try Corpus.open(folder.path) { path in
      if path.hasSuffix("1.wav") && path.contains("/a/") { throw Failure(.badData, "\(path): gone") }
      return 3
    }
    #expect(rest.contents == whole.contents && rest.utterances.map(\.id) == whole.utterances.map(\.id))
    #expect(rest.knownUnreadable == [0] && rest.lost == 0 && rest.speakers == ["a", "b"])
    let faster = rest.atSpeeds([0.9, 1])
    #expect(faster.knownUnreadable.map { faster.listedID($0) } == ["a-1", "a-1"] && faster.lost == 0)
    // Of unknown length it stays, whatever the settings allow.
    #expect(rest.lasting(1...9).knownUnreadable == [0] && rest.lasting(5...9).utterances.isEmpty)
    // With listed lengths, other lengths are another corpus.
    try write(["utt2dur": "a-1 1\na-2 1\nb-1 1\n"])
    let listed = try Corpus.open(folder.path)
    try write(["utt2dur": "a-1 1\na-2 2\nb-1 1\n"])
    #expect(try Corpus.open(folder.path).contents != listed.contents)
  }

  @Test("has no speaker without a recording that can be read, whose utterances are counted as lost")
  func lostSpeakers() throws {
    try write(["utt2dur": ""])
    let rest = try Corpus.open(folder.path) { path in
      if path.contains("/a/") { throw Failure(.badData, "\(path): gone") }
      return 3
    }
    #expect(rest.speakers == ["b"] && rest.utterances.map(\.id) == ["b-1"])
    #expect(rest.knownUnreadable.isEmpty && rest.lost == 2 && rest.damaged == 0)
    #expect(rest.atSpeeds([0.9, 1]).lost == 4)
  }

  @Test(
    "refuses a malformed list with one line that names file and line",
    arguments: [
      (["wav.scp": "a-1 a\na-2\nb-1 b\n"], "wav.scp:2: 1 field, a key and a path expected"),
      (["wav.scp": "a-1 a\n\nb-1 b\n"], "utt2spk:2: the utterance is not in wav.scp: add 'a-2' there"),
      (["utt2spk": "a-1 a\na-2 a b\nb-1 b\n"], "utt2spk:2: 3 fields, 2 expected"),
      (["utt2spk": "a-1 a\na-2 a\nb-1 b\na-1 b\n"], "utt2spk:4: is listed twice: 'a-1' is in line 1 already"),
      (["wav.scp": "b-1 x\nb-1 y\na-1 z\n"], "wav.scp:2: is listed twice: 'b-1' is in line 1 already"),
      (["utt2spk": "a-1 a\na-2 a\na-3 a\nb-1 b\n"], "utt2spk:3: the utterance is not in wav.scp: add 'a-3' there"),
      (["utt2spk": "a-1 a\nb-1 b\n"], "wav.scp:3: the utterance has no speaker in utt2spk: add 'a-2' there"),
      (["wav.scp": "a-1 a\na-2 sph2pipe -f wav a |\nb-1 b\n"], "wav.scp:2: 'a-2' is a command that ends in a pipe"),
      (["wav.scp": "\n"], "wav.scp: the file is empty"),
      (["utt2dur": "a-1 1\nb-1 1\n"], "utt2dur: utterance 'a-2' is missing"),
      (["utt2dur": "a-1 1\na-2 -1\nb-1 1\n"], "utt2dur:2: is no duration in seconds: '-1'"),
      (["utt2dur": "a-1 1\na-2 1\nb-1 nan\n"], "utt2dur:3: is no duration in seconds: 'nan'"),
      (["segments": "a-1 b-1 0 1\na-2 r9 0 1\nb-1 b-1 0 1\n"], "segments:2: the recording is not in wav.scp: 'r9'"),
      (
        ["segments": "a-1 b-1 0 1\na-2 b-1 1 1\nb-1 b-1 0 1\n"],
        "segments:2: the end is not after the start: from 1 s to 1 s"
      ),
      (["segments": "a-1 b-1 0 1\na-2 b-1 2 -2\nb-1 b-1 0 1\n"], "segments:2: is no end in seconds: '-2'"),
      (["segments": "a-1 b-1 x 1\na-2 b-1 0 1\nb-1 b-1 0 1\n"], "segments:1: is no start in seconds: 'x'"),
      (["segments": "a-1 b-1 0 1\na-2 b-1 0\nb-1 b-1 0 1\n"], "segments:2: 3 fields, 4 or 5 expected"),
      (["segments": "a-1 b-1 0 1\nb-1 b-1 0 1\n"], "utt2spk:2: the utterance is not in segments: add 'a-2' there"),
    ] as [([String: String], String)])
  func malformed(lists: [String: String], message: String) throws {
    try write(lists)
    try expectFailure(message)
  }

  @Test("refuses lists that are missing, empty or not UTF-8")
  func unreadableLists() throws {
    try expectFailure("wav.scp: no such file; is this a Kaldi data directory? svdist prepare makes one")
    try write()
    try folder.write("utt2spk", "")
    try expectFailure("utt2spk: the file is empty")
    try folder.write("utt2spk", Array("a-1 a\na-2 ".utf8) + [0xE9, 0x0A] + Array("b-1 b\n".utf8))
    try expectFailure("utt2spk:2: not UTF-8")
  }

  private func expectFailure(_ message: String) throws {
    let failure = #expect(throws: Failure.self) { try Corpus.open(folder.path) }
    let text = try #require(failure?.message)
    #expect(text.hasPrefix(folder.path("") + message), "\(text)")
    #expect(!text.contains("\n"))
    #expect(failure?.kind == .badData)
  }
}
