import DistTrain
import Foundation
import TestTools
import Testing

/// Names that are one string to Swift and two on the disk, and names with a mark behind a slash, through all that
/// svdist prepare does with them.
@Suite struct NamesAreBytesTests {
  private let folder: TestFolder
  private let speakers = ["Ren\u{E9}", "Rene\u{301}", "\u{301}x", "\u{200D}y"]

  init() throws { folder = try TestFolder() }

  private func prepare(
    _ source: CorpusSource, minimum: Int = 2, joiningBelow limit: Double? = nil, holdOut: Int? = nil,
    shards: Bool = false
  ) throws -> CorpusPreparation {
    let preparation = try CorpusPreparation(
      source, lengths: 0.5...(.infinity), minimumUtterances: minimum, joiningBelow: limit)
    let prepared = try PreparedCorpus(
      preparation, heldOut: { corpus in try holdOut.map { try HoldOut.draw($0, from: corpus, seed: 1) } },
      trials: nil, seed: 1)
    try prepared.write(
      folder.path("out"), shards: shards ? ShardWriter(utterancesPerShard: 3, isDecoded: false, seed: 1) : nil,
      relativePaths: true, overwrite: true)
    return preparation
  }

  private func writeTree() throws {
    for speaker in speakers {
      for utterance in ["\u{301}1.wav", "2.wav", "2\u{301}.wav"] {
        try folder.writeTone("source/\(speaker)/\(utterance)", seconds: 0.6)
      }
    }
  }

  /// Expects the contents of a data directory of all speakers.
  private func expectAll(_ directory: String, utterances: Int) throws {
    let corpus = try Corpus.open(folder.path(directory))
    #expect(corpus.speakers.map { Name($0) } == sorted(speakers).map { Name($0) })
    #expect(
      corpus.utterances.count == utterances && corpus.utterancesOfSpeaker.allSatisfy { $0.count == utterances / 4 })
    for utterance in corpus.utterances { _ = try AudioFile(path: utterance.path) }
    let owners = try folder.read("\(directory)/spk2utt").utf8.split(separator: UInt8(ascii: "\n"))
    #expect(owners.count == 4)
    for line in owners {
      let fields = line.split(separator: UInt8(ascii: " ")).map { String(Substring($0)) }
      #expect(fields.dropFirst().allSatisfy { $0.begins(with: fields[0] + "/") } && fields.count == 1 + utterances / 4)
    }
  }

  private func sorted(_ names: [String]) -> [String] { names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }

  @Test func `folders are speakers of their own`() throws {
    try writeTree()
    #expect(try prepare(CorpusSource(folder.path("source"))).leftOut.isEmpty)
    try expectAll("out", utterances: 12)
    #expect(try prepare(CorpusSource(folder.path("out"))).leftOut.isEmpty)
    try expectAll("out", utterances: 12)
  }

  @Test func `they are joined, held out and written to shards apart`() throws {
    try writeTree()
    let source = try CorpusSource(folder.path("source"))
    _ = try prepare(source, minimum: 1, joiningBelow: 1, shards: true)
    try expectAll("out", utterances: 4)
    let shards = try CorpusSource(folder.path("out/shard.list"))
    #expect(Set(shards.utterances.map { Name($0.speaker) }) == Set(speakers.map { Name($0) }))
    _ = try prepare(source, holdOut: 2)
    let parts = try ["train", "evaluation"].map { try Corpus.open(folder.path("out/\($0)")).speakers }
    #expect(sorted(parts[0] + parts[1]).map { Name($0) } == sorted(speakers).map { Name($0) })
    let trials = try TrialList.read(folder.path("out/evaluation/trials"))
    #expect(try trials.positions(in: Corpus.open(folder.path("out/evaluation"))).count == trials.names.count)
  }

  @Test func `lists of recordings keep them apart`() throws {
    for name in ["\u{E9}.wav", "e\u{301}.wav"] { try folder.writeTone(name) }
    let table = "path,speaker,id\n\u{E9}.wav,\u{E9},\u{E9}\ne\u{301}.wav,e\u{301},e\u{301}\n"
    let raw = ["\u{E9}", "e\u{301}"].map { "{\"key\": \"\($0)\", \"wav\": \"\($0).wav\", \"spk\": \"\($0)\"}\n" }
      .joined()
    for (name, text) in [("list.csv", table), ("raw.list", raw)] {
      let source = try CorpusSource(try folder.write(name, text))
      #expect(source.leftOut.isEmpty)
      #expect(source.utterances.map { Name($0.id) } == ["e\u{301}", "\u{E9}"].map { Name($0) })
      #expect(source.utterances.map { Name($0.path) } == ["e\u{301}", "\u{E9}"].map { Name(folder.path("\($0).wav")) })
    }
  }

  @Test func `embeddings, enrolments and sessions keep them apart`() throws {
    let names = ["\u{E9}", "e\u{301}"]
    let embeddings = try Embeddings(names: names, vectors: Matrix(rows: 2, columns: 1, [1, 2]))
    #expect(names.map { embeddings.row(of: $0) } == [0, 1])
    let path = try folder.write("map", "\u{E9} \u{E9}\ne\u{301} e\u{301}\n")
    #expect(try EnrolmentMap.read(path).enrolments.count == 2)
    #expect(try TrialList.read(try folder.write("trials", "\u{E9} e\u{301} 1\n")).names.count == 2)
  }
}
