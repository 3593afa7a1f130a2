import DistTrain
import Foundation
import TestTools
import Testing
import UntrustedInputs

@Suite struct CorpusIndexTests {
  private let folder: TestFolder
  private var index: String { folder.path("data/corpus.index") }

  init() throws { folder = try TestFolder() }

  /// Utterances of which some ids begin others, of speakers who are not next to each other.
  private func utterances(segments: Bool) -> [ListedUtterance] {
    ["b", "a/1", "a", "é", "a-1", "Z", "c 2"].enumerated().map { number, name in
      let id = name.replacingOccurrences(of: " ", with: "_")
      return ListedUtterance(
        id: id, speaker: "s\(number % 3)é", path: folder.path("audio/\(segments ? "r\(number % 2)" : name).wav"),
        recording: segments ? "r\(number % 2)" : nil, start: segments ? Double(number) / 4 : 0,
        seconds: 1.25 + Double(number) / 8)
    }
  }

  private func write(segments: Bool = false, relativeTo base: String? = nil) throws {
    try DataDirectoryWriter(relativeTo: base).write(utterances(segments: segments), into: folder.path("data"))
  }

  private func describe(_ corpus: Corpus) -> [String] {
    corpus.speakers + corpus.utterances.map { "\($0)" } + corpus.utterancesOfSpeaker.map { "\(Array($0))" }
  }

  private func open() throws -> [String] { describe(try Corpus.open(folder.path("data"))) }

  @Test(arguments: [false, true]) func `the index says what the lists say`(segments: Bool) throws {
    try write(segments: segments)
    let indexed = try open()
    try FileManager.default.removeItem(atPath: index)
    #expect(try open() == indexed)
    #expect(describe(Corpus(utterances(segments: segments))) == indexed)
    #expect(indexed.count == 3 + 7 + 3)
  }

  @Test(arguments: [false, true]) func `an index that is cut while it is open is told, wherever it is cut`(
    isAtSpeeds: Bool
  ) throws {
    try write()
    let bytes = try InputFile(path: index).bytes
    // All within a page, of which what is cut off reads as zeros.
    try #require(bytes < 4096)
    for count in stride(from: 1, to: bytes, by: 37) {
      try write()
      let recorded = try Corpus.open(folder.path("data"))
      let corpus = isAtSpeeds ? recorded.atSpeeds([0.9, 1]) : recorded
      let before = describe(corpus)
      try corpus.checkWhole()
      try #require(truncate(index, off_t(count)) == 0)
      #expect(describe(corpus).count == before.count)
      let lost = failure { try corpus.checkWhole() }
      #expect(lost?.kind == .badData && lost?.message.hasPrefix("\(index) can no longer be read: it was cut") == true)
    }
  }

  @Test func `lists of any time have an index`() throws {
    try write()
    let indexed = try open()
    // The year 2286, whose nanoseconds since 1970 are more than 63 bits hold.
    let attributes = [FileAttributeKey.modificationDate: Date(timeIntervalSince1970: 1e10)]
    try FileManager.default.setAttributes(attributes, ofItemAtPath: folder.path("data/utt2spk"))
    #expect(try open() == indexed)
    try write()
    #expect(try open() == indexed)
  }

  @Test func `every utterance is found by its name, at other speeds too`() throws {
    try write()
    let recorded = try Corpus.open(folder.path("data"))
    for corpus in [recorded, recorded.atSpeeds([0.9, 1, 1.1])] {
      for (position, utterance) in corpus.utterances.enumerated() {
        #expect(corpus.utterance(named: utterance.id) == position)
        #expect(corpus.utterancesOfSpeaker[utterance.speaker].contains(position))
      }
      #expect(corpus.utterance(named: "a-") == nil && corpus.utterance(named: "a@1.1.") == nil)
    }
    let fast = recorded.atSpeeds([0.9, 1, 1.1])
    let utterance = fast.utterances[try #require(fast.utterance(named: "a-1@1.1"))]
    #expect(utterance.speed == 1.1 && fast.speakers[utterance.speaker] == "s1é@1.1" && utterance.seconds == 1.75)
  }

  @Test func `paths of lists that were moved are found from where they are now`() throws {
    try write(relativeTo: folder.path("data"))
    try FileManager.default.createDirectory(atPath: folder.path("moved"), withIntermediateDirectories: true)
    try FileManager.default.moveItem(atPath: folder.path("data"), toPath: folder.path("moved/data"))
    let corpus = try Corpus.open(folder.path("moved/data"))
    #expect(corpus.utterances.first?.path == folder.path("moved/data/../audio/Z.wav"))
  }

  @Test func `a list that was changed, added or removed counts instead of the index`() throws {
    try write()
    let lengths = try folder.read("data/utt2dur")
    try folder.write("data/utt2dur", lengths.replacingOccurrences(of: "1.25", with: "2.25"))
    #expect(try Corpus.open(folder.path("data")).utterances.contains { $0.seconds == 2.25 })
    try folder.write("data/utt2dur", lengths)
    try FileManager.default.removeItem(atPath: folder.path("data/utt2dur"))
    let measured = try Corpus.open(folder.path("data")) { _ in 9 }
    #expect(measured.utterances.allSatisfy { $0.seconds == 9 })
    try folder.write(
      "data/segments",
      (try folder.read("data/utt2spk")).split(separator: "\n").map { line in
        let id = line.prefix { $0 != " " }
        return "\(id) \(id) 3 5\n"
      }.joined())
    #expect(try Corpus.open(folder.path("data")).utterances.allSatisfy { $0.start == 3 && $0.seconds == 2 })
  }

  @Test func `the index counts where lists were copied, and is refused where it is cut off`() throws {
    try write()
    let whole = try Data(contentsOf: URL(fileURLWithPath: index))
    for name in ["wav.scp", "utt2spk", "utt2dur"] {
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: folder.path("data/\(name)"))
    }
    for count in [0, 1, 255, 256, 288, 300, whole.count - 1, whole.count + 8] {
      try folder.write("data/corpus.index", (whole + Data(count: 8)).prefix(count))
      let failure = #expect(throws: Failure.self) { try Corpus.open(folder.path("data")) }
      #expect(failure?.message.hasPrefix("\(index): is damaged: ") == true, "\(count): \(failure?.message ?? "")")
      #expect(failure?.message.contains("\n") == false && failure?.kind == .badData)
    }
  }

  @Test func `an index of another version is passed over`() throws {
    try write()
    let expected = try open()
    var bytes = try Data(contentsOf: URL(fileURLWithPath: index))
    bytes[14] = UInt8(ascii: "1")
    try folder.write("data/corpus.index", bytes)
    #expect(try open() == expected)
  }

  @Test func `no changed byte of an index goes unnoticed`() throws {
    try write(segments: true)
    let expected = try open()
    let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: index)))
    var refused = 0
    for place in whole.indices {
      var bytes = whole
      bytes[place] ^= UInt8(1 << (place % 8))
      try folder.write("data/corpus.index", bytes)
      do {
        // Another version's index, and one of other lists, count as none.
        #expect(try open() == expected)
        #expect(place < 256)
      } catch let failure as Failure {
        #expect(failure.kind == .badData && failure.message.hasPrefix("\(index): is damaged: "), "\(failure.message)")
        refused += 1
      }
    }
    #expect(refused > whole.count - 256)
  }

  @Test func `whatever an index holds, it is refused or can be gone through`() throws {
    try write(segments: true)
    let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: index)))
    let extremes: [Int64] = [-1, 0, 1, .max, .min, 1 << 31, 1 << 40, Int64(whole.count)]
    var stream = RandomStream(seed: 1, purpose: .test)
    var refused = 0
    for round in 0..<1500 {
      var bytes = whole
      if round % 2 == 0 {
        bytes[stream.below(bytes.count)] ^= UInt8(1 + stream.below(255))
      } else {
        let offset = 8 * stream.below(bytes.count / 8 - 1)
        withUnsafeBytes(of: extremes[stream.below(extremes.count)]) {
          bytes.replaceSubrange(offset..<offset + 8, with: $0)
        }
      }
      try folder.write("data/corpus.index", UntrustedInput.sealedIndex(bytes))
      do {
        let corpus = try Corpus.open(folder.path("data"))
        #expect(describe(corpus).count > 7)
        for (speaker, own) in corpus.utterancesOfSpeaker.enumerated() {
          #expect(own.allSatisfy { corpus.utterances[$0].speaker == speaker })
        }
      } catch let failure as Failure {
        #expect(failure.kind == .badData && failure.message.hasPrefix(index), "\(failure.message)")
        refused += 1
      }
    }
    #expect(refused > 300)
  }
}
