import DistTrain
import Foundation
import TestTools
import Testing

/// Short utterances of a speaker that become longer ones.
@Suite struct UtteranceJoiningTests {
  private let folder: TestFolder

  init() throws {
    folder = try TestFolder()
  }

  private func prepare(_ out: String, holdOut: Set<Name>? = nil, relative: Bool = false) throws -> CorpusPreparation {
    let preparation = try CorpusPreparation(
      CorpusSource(folder.path("source")), lengths: 0.5...(.infinity), minimumUtterances: 1, joiningBelow: 1)
    try PreparedCorpus(preparation, heldOut: { _ in holdOut }, trials: nil, seed: 1)
      .write(folder.path(out), relativePaths: relative, overwrite: false)
    return preparation
  }

  @Test func `short utterances are joined in order until they are long enough, the rest goes to the last`() throws {
    let seconds = ["a1": 0.3, "a2": 2.0, "a3": 0.8, "a4": 0.25, "a5": 0.75, "a6": 0.4]
    for (name, length) in seconds { try folder.writeTone("source/a/\(name).wav", seconds: length) }
    try folder.writeTone("source/b/1.wav", seconds: 0.6)
    try folder.writeTone("source/c/1.wav", seconds: 0.2)
    try folder.writeTone("source/d/1.wav", seconds: 0.25)
    try folder.writeTone("source/d/2.wav", seconds: 0.5)
    let preparation = try prepare("out")
    let corpus = try Corpus.open(folder.path("out"))
    #expect(corpus.utterances.map(\.id) == ["a/a1.wav+1", "a/a2.wav", "a/a4.wav+2", "b/1.wav", "d/1.wav+1"])
    #expect(corpus.utterances.map(\.seconds) == [1.1, 2, 1.4, 0.6, 0.75])
    #expect(preparation.leftOut.map(\.utterance) == ["c/1.wav"])
    #expect(
      try folder.read("out/joined.tsv") == """
        utterance\tbegins\tpiece
        a/a1.wav+1\t0.0\ta/a1.wav
        a/a1.wav+1\t0.3\ta/a3.wav
        a/a4.wav+2\t0.0\ta/a4.wav
        a/a4.wav+2\t0.25\ta/a5.wav
        a/a4.wav+2\t1.0\ta/a6.wav
        d/1.wav+1\t0.0\td/1.wav
        d/1.wav+1\t0.25\td/2.wav

        """)
    let joined = try AudioFile(path: corpus.utterances[2].path)
    #expect(joined.frames == 22_400 && joined.sampleRate == 16_000 && joined.channels == 1)
    let pieces = try ["a4", "a5", "a6"].flatMap { try Waveform.read(path: folder.path("source/a/\($0).wav")) }
    let difference = try zip(joined.read(from: 0, count: 22_400), pieces).map { abs($0 - $1) }.max()!
    #expect(difference <= 0.5 / 32_768)
  }

  @Test func `the same corpus gives the same bytes`() throws {
    for speaker in 0..<3 {
      for index in 0..<5 { try folder.writeTone("source/\(speaker)/\(index).wav", seconds: 0.6) }
    }
    _ = try prepare("one")
    _ = try prepare("two")
    let names = try folder.contents("one").filter { $0.hasSuffix(".flac") }
    #expect(names.count == 6)
    for name in names + ["joined.tsv", "utt2dur"] {
      let bytes = try ["one", "two"].map { try Data(contentsOf: URL(fileURLWithPath: folder.path("\($0)/\(name)"))) }
      #expect(bytes[0] == bytes[1], "\(name)")
    }
  }

  @Test func `joined audio moves with lists of relative paths, on both sides of a division`() throws {
    for speaker in 0..<4 {
      for index in 0..<4 { try folder.writeTone("source/\(speaker)/\(index).wav", seconds: 0.6) }
    }
    _ = try prepare("source/lists", holdOut: ["0", "1"], relative: true)
    try FileManager.default.moveItem(atPath: folder.path("source"), toPath: folder.path("moved"))
    for part in ["train", "evaluation"] {
      let corpus = try Corpus.open(folder.path("moved/lists/\(part)"))
      #expect(corpus.utterances.count == 4)
      for utterance in corpus.utterances {
        #expect(try AudioFile(path: utterance.path).frames == 19_200, "\(utterance)")
      }
    }
  }

  @Test func `segments and other rates are joined, at the highest rate`() throws {
    try folder.writeTone("source/r.wav", seconds: 3)
    try folder.write("source/eight.wav", wave(rate: 8000, count: 4800))
    try folder.write("source/wav.scp", "r r.wav\neight eight.wav\n")
    try folder.write("source/utt2spk", "a-1 a\na-2 a\na-3 a\n")
    try folder.write("source/segments", "a-1 r 0.5 1\na-2 r 1 3\na-3 eight 0 0.6\n")
    _ = try prepare("out")
    let corpus = try Corpus.open(folder.path("out"))
    #expect(corpus.utterances.map(\.id) == ["a-1+1", "a-2"] && corpus.utterances.map(\.seconds) == [1.1, 2])
    #expect(corpus.utterances[1].start == 1)
    let joined = try AudioFile(path: corpus.utterances[0].path)
    #expect(joined.sampleRate == 16_000 && joined.frames == 17_600)
    let piece = try Waveform.read(path: folder.path("source/r.wav"), start: 0.5, seconds: 0.5)
    #expect(try zip(joined.read(from: 0, count: 8000), piece).allSatisfy { abs($0 - $1) <= 0.5 / 32_768 })
  }

  /// A WAV file of 16 bits with a tone.
  private func wave(rate: Int, count: Int) -> [UInt8] {
    func bytes(_ value: Int, _ count: Int) -> [UInt8] {
      (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    var file = Array("RIFF".utf8) + bytes(36 + 2 * count, 4) + Array("WAVEfmt ".utf8) + bytes(16, 4)
    file += bytes(1, 2) + bytes(1, 2) + bytes(rate, 4) + bytes(2 * rate, 4) + bytes(2, 2) + bytes(16, 2)
    file += Array("data".utf8) + bytes(2 * count, 4)
    return file + (0..<count).flatMap { bytes(Int(9000 * sin(Double($0) / 9)), 2) }
  }

  @Test func `samples of 16 bits come through unchanged`() throws {
    for index in 0..<2 { try folder.write("source/a/\(index).wav", wave(rate: 8000, count: 4800 + index)) }
    _ = try prepare("out")
    let joined = try AudioFile(path: try #require(Corpus.open(folder.path("out")).utterances.first).path)
    #expect(joined.sampleRate == 8000)
    let pieces = try (0..<2).flatMap {
      let piece = try AudioFile(path: folder.path("source/a/\($0).wav"))
      return try piece.read(from: 0, count: piece.frames)
    }
    #expect(try joined.read(from: 0, count: joined.frames) == pieces)
  }

  @Test func `a name that is taken is refused, a piece that is gone leaves nothing behind`() throws {
    try folder.writeTone("source/a/1.wav", seconds: 0.6)
    try folder.writeTone("source/a/2.wav", seconds: 0.6)
    let source = try CorpusSource(folder.path("source"))
    let preparation = try CorpusPreparation(
      source, lengths: 0.5...(.infinity), minimumUtterances: 1, joiningBelow: 1)
    try FileManager.default.removeItem(atPath: folder.path("source/a/2.wav"))
    let gone = #expect(throws: Failure.self) {
      try PreparedCorpus(preparation, heldOut: { _ in nil }, trials: nil, seed: 1)
        .write(folder.path("out"), relativePaths: false, overwrite: false)
    }
    #expect(gone?.message.contains("a/2.wav: no such file") == true && gone?.kind == .badData)
    #expect(try folder.contents("").allSatisfy { $0.hasPrefix("source") })

    try folder.writeTone("lists/1.wav", seconds: 0.6)
    try folder.writeTone("lists/2.wav", seconds: 2)
    try folder.write("lists/wav.scp", "a 1.wav\na+1 2.wav\nb 1.wav\n")
    try folder.write("lists/utt2spk", "a s\na+1 s\nb s\n")
    let taken = #expect(throws: Failure.self) {
      try CorpusPreparation(
        CorpusSource(folder.path("lists")), lengths: 0.5...(.infinity), minimumUtterances: 1, joiningBelow: 1)
    }
    #expect(taken?.message.contains("the utterance id 'a+1' is needed for a joined one") == true)
  }
}
