import DistTrain
import Foundation
import TestTools
import Testing

/// Every list that svdist reads, in every form that editors on other systems give it.
@Suite struct ListFormsTests {
  enum Form: CaseIterable {
    case carriageReturns, byteOrderMark, noLastEnd, blankLines, all

    func apply(to text: String) -> [UInt8] {
      var lines = text.utf8.split(separator: UInt8(ascii: "\n")).map { String(Substring($0)) }
      if self == .blankLines || self == .all { lines = lines.flatMap { ["", $0, " "] } }
      let end = self == .carriageReturns || self == .all ? "\r\n" : "\n"
      let whole = lines.joined(separator: end) + (self == .noLastEnd || self == .all ? "" : end)
      return Array(((self == .byteOrderMark || self == .all ? "\u{FEFF}" : "") + whole).utf8)
    }
  }

  private let folder: TestFolder

  init() throws { folder = try TestFolder() }

  @Test(arguments: Form.allCases) func `the lists of a data directory`(form: Form) throws {
    for (name, text) in [
      ("wav.scp", "r a b.wav\nq c.wav\n"), ("utt2spk", "u s\nv t\n"), ("segments", "u r 0 1\nv q 0.5 1.5\n"),
    ] { try folder.write(name, form.apply(to: text)) }
    let corpus = try Corpus.open(folder.path)
    #expect(corpus.utterances.map(\.path) == ["a b.wav", "c.wav"].map { folder.path($0) })
    #expect(corpus.utterances.map(\.start) == [0, 0.5] && corpus.speakers == ["s", "t"])
    let source = try CorpusSource(folder.path)
    #expect(source.utterances.map(\.id) == ["u", "v"] && source.leftOut.isEmpty)
  }

  @Test(arguments: Form.allCases) func `trials and enrolments`(form: Form) throws {
    let trials = try TrialList.read(try folder.write("trials", form.apply(to: "1 a b\n0 a c\n")))
    #expect(trials.names == ["a", "b", "c"] && trials.targets == [true, false])
    let map = try EnrolmentMap.read(try folder.write("map", form.apply(to: "e a b\nf c\n")))
    #expect(map.enrolments.map(\.name) == ["e", "f"] && map.enrolments.map(\.utterances) == [["a", "b"], ["c"]])
  }

  @Test(arguments: Form.allCases) func `tables, raw lists, and lists of shards and of speakers`(form: Form) throws {
    let table = try CorpusSource(
      try folder.write("list.csv", form.apply(to: "path,speaker\na.wav,s\nb.wav,t\n")))
    #expect(table.utterances.map(\.speaker) == ["s", "t"] && table.leftOut.isEmpty)
    let raw = #"{"key": "u", "wav": "a.wav", "spk": "s"}"# + "\n" + #"{"key": "v", "wav": "b.wav", "spk": "t"}"# + "\n"
    let list = try CorpusSource(try folder.write("raw.list", form.apply(to: raw)))
    #expect(list.utterances.map(\.id) == ["u", "v"] && list.leftOut.isEmpty)
    let failure = #expect(throws: Failure.self) {
      try CorpusSource(try folder.write("shard.list", form.apply(to: "gone.tar\nmissing.tar\n")))
    }
    #expect(failure?.message.contains("gone.tar cannot read") == true, "\(failure?.message ?? "")")
    let corpus = Corpus(["s", "t", "u"].map { ListedUtterance(id: $0, speaker: $0, path: $0, seconds: 1) })
    #expect(try HoldOut.read(try folder.write("speakers", form.apply(to: "s\nt\n")), corpus: corpus) == ["s", "t"])
  }

  @Test(arguments: Form.allCases) func `records of shards and scripts of vectors`(form: Form) throws {
    let digest = String(repeating: "0", count: 64)
    let records = "shard\tbytes\tutterances\tsha256\na.tar\t1\t2\t\(digest)\nb.tar\t3\t4\t\(digest)\n"
    try folder.write("shards.tsv", form.apply(to: records))
    #expect(try ShardRecords(folder.path)?.records.map(\.utterances) == [2, 4])
    try folder.write("x.ark", "u [ 1 2 ]\nv [ 3 4 ]\n")
    let read = try EmbeddingFile.read(try folder.write("x.scp", form.apply(to: "u x.ark:2\nv\tx.ark:12\n")))
    #expect(read.names == ["u", "v"] && read.vectors[1, 0] == 3)
  }

  @Test(arguments: Form.allCases, ["txt", "ark"]) func `embeddings as text`(form: Form, suffix: String) throws {
    let path = try folder.write("x.\(suffix)", form.apply(to: "u  [ 1 2 ]\nv\t[ 3 4 ]\nw [ 5 6 ]\n"))
    let read = try EmbeddingFile.read(path)
    #expect(read.names == ["u", "v", "w"] && read.vectors.values == [1, 2, 3, 4, 5, 6])
    // Embeddings in any form are known as such, and may be replaced.
    try EmbeddingFile.check(path)
  }

  @Test(arguments: ["BZh", "BZh9", "BZh1AY&SY", "BZh01AY&SY", "BZh91AY&S"])
  func `names that begin like a compressed file are names`(name: String) throws {
    let trials = try TrialList.read(try folder.write("trials", "\(name) b 1\n\(name) c 0\n"))
    #expect(trials.names == [name, "b", "c"])
  }

  @Test(arguments: ["wav.scp", "trials", "raw.list", "list.csv", "map"])
  func `compressed lists and UTF-16 are named as such`(name: String) throws {
    try folder.write("utt2spk", "u s\n")
    let little: [UInt8] = Array("u é.wav\n".utf16).flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
    let big: [UInt8] = Array("u1 說話/\u{1F600}.wav\n".utf16).flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
    let forms: [(bytes: [UInt8], message: String)] = [
      ([0x1F, 0x8B, 8, 0, 0], "is compressed with gzip: unpack it first (gunzip)"),
      (Array("BZh91AY&SY\u{1}".utf8), "is compressed with bzip2: unpack it first (bunzip2)"),
      ([0xFF, 0xFE, 0x61, 0, 0x0A, 0], "is UTF-16: convert it with iconv"),
      ([0xFF, 0xFE, 0, 0, 0x61, 0, 0, 0, 0x0A, 0, 0, 0], "is UTF-32: convert it with iconv -f UTF-32"),
      ([0, 0, 0xFE, 0xFF, 0, 0, 0, 0x61, 0, 0, 0, 0x0A], "is UTF-32: convert it with iconv -f UTF-32"),
      (Array("u1 a.wav\ru2 b.wav\r".utf8), "its lines end in CR alone: convert it with tr '\\r' '\\n'"),
      ([0, 0, 0, 0, 0, 0, 0, 0], "begins with a zero byte: it is no list"),
      (Array("u a.wav\nv b.wav\0c.wav\nw d.wav\n".utf8), ":2: a zero byte, which no list has"),
      (little, "is UTF-16 without a byte order mark: convert it with iconv -f UTF-16LE -t UTF-8"),
      (big, "is UTF-16 without a byte order mark: convert it with iconv -f UTF-16BE -t UTF-8"),
    ]
    for (bytes, message) in forms {
      let path = try folder.write(name, bytes)
      let failure = #expect(throws: Failure.self) {
        switch name {
        case "wav.scp": _ = try Corpus.open(folder.path)
        case "trials": _ = try TrialList.read(path)
        case "map": _ = try EnrolmentMap.read(path)
        default: _ = try CorpusSource(path, layout: name == "list.csv" ? .csv : .wespeaker)
        }
      }
      // What is in a line has its number before it.
      let beginning = message.hasPrefix(":") ? path + message : "\(path): \(message)"
      #expect(failure?.message.hasPrefix(beginning) == true, "\(failure?.message ?? "")")
    }
  }
}
