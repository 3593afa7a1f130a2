import DistTrain
import Foundation
import TestTools
import Testing

/// Data directories whose audio svdist prepare wrote into shards.
@Suite struct ShardTests {
  private let folder: TestFolder
  private let audio: GeneratedAudio

  init() throws {
    folder = try TestFolder()
    audio = try GeneratedAudio()
  }

  private func prepare(
    _ source: String, into name: String, shards: ShardWriter?, relativePaths: Bool = false, joiningBelow: Double? = nil
  ) throws {
    let preparation = try CorpusPreparation(
      try CorpusSource(source), lengths: 0.1...(.infinity), minimumUtterances: 1, joiningBelow: joiningBelow)
    try PreparedCorpus(preparation, heldOut: { _ in nil }, trials: nil, seed: 1)
      .write(folder.path(name), shards: shards, relativePaths: relativePaths, overwrite: false)
  }

  private func writer(decoded: Bool = false, size: Int = 3) -> ShardWriter {
    ShardWriter(utterancesPerShard: size, isDecoded: decoded, seed: 1)
  }

  /// Recordings of all kinds, under names that tar headers hold and others.
  private func writeRecordings() throws {
    let long = String(repeating: "x", count: 80)
    for (item, format) in GeneratedAudio.Format.allCases.enumerated() where format.isAvailable {
      let samples = GeneratedAudio.lively(seconds: 1.5, item: item)
      try audio.write(
        [samples], as: format, name: "a/\(format.rawValue).\(format == .floatWav ? "wav" : format.suffix)")
      try audio.write([samples, samples], rate: 44_100, as: .flac, name: "é/\(long)/\(long)\(item).flac")
    }
  }

  @Test func `shards give the samples of the files, wherever the data directory is moved`() throws {
    try writeRecordings()
    try prepare(audio.folder.path, into: "files", shards: nil)
    try prepare(audio.folder.path, into: "written", shards: writer(), relativePaths: true)
    try FileManager.default.moveItem(atPath: folder.path("written"), toPath: folder.path("shards"))
    let files = try Corpus.open(folder.path("files"))
    let shards = try Corpus.open(folder.path("shards"))
    #expect(shards.utterances.map(\.id) == files.utterances.map(\.id) && shards.speakers == files.speakers)
    #expect(shards.utterances.map(\.seconds) == files.utterances.map(\.seconds) && shards.damages.isEmpty)
    for (file, shard) in zip(files.utterances, shards.utterances) {
      #expect(shard.path.hasPrefix(folder.path("shards/svdist-shards/shards_00000000")))
      for start in [0, 0.3] {
        let expected = try Waveform.read(path: file.path, start: start, seconds: 0.7)
        #expect(try Waveform.read(path: shard.path, start: start, seconds: 0.7) == expected, "\(file.id)")
      }
      #expect(try AudioInspection.inspect(path: shard.path) == AudioInspection.inspect(path: file.path))
    }
    let names = try folder.contents("shards").filter { !$0.hasSuffix(".tar") }
    #expect(
      names == [
        "corpus.index", "left-out.tsv", "shard.list", "shards.tsv", "spk2utt", "svdist-shards", "utt2dur", "utt2spk",
        "wav.scp",
      ])
    #expect(
      try folder.read("shards/shard.list").hasPrefix(
        "svdist-shards/shards_000000000.tar\nsvdist-shards/shards_000000001.tar\n"))

    let source = try CorpusSource(folder.path("shards/shard.list"))
    #expect(source.layout == .shards && source.leftOut.isEmpty)
    #expect(source.utterances.map(\.id) == shards.utterances.map(\.id))
    #expect(source.utterances.map(\.speaker) == shards.utterances.map { shards.speakers[$0.speaker] })
    #expect(source.utterances.map(\.path) == shards.utterances.map(\.path))
  }

  @Test func `decoded audio is that of 16 bits at 16 kHz`() throws {
    let exact = try audio.write([GeneratedAudio.lively(seconds: 1)], as: .flac, name: "a/exact.flac")
    let other = try audio.write(
      [GeneratedAudio.noise(8000, item: 1)], rate: 8000, as: .floatWav, name: "b/other.wav")
    try prepare(audio.folder.path, into: "decoded", shards: writer(decoded: true))
    let corpus = try Corpus.open(folder.path("decoded"))
    for utterance in corpus.utterances {
      let file = try AudioFile(path: utterance.path)
      #expect(file.sampleRate == 16_000 && file.channels == 1 && file.frames == 16_000)
    }
    #expect(try Waveform.read(path: corpus.utterances[0].path) == Waveform.read(path: exact))
    let difference = largestDifference(
      try Waveform.read(path: corpus.utterances[1].path), try Waveform.read(path: other))
    #expect(difference > 0 && difference <= 0.501 / 32_768)
  }

  @Test func `parts of recordings and joined utterances lie in shards as they sound`() throws {
    let long = try audio.write([GeneratedAudio.lively(seconds: 4)], name: "r.wav")
    try folder.write("kaldi/wav.scp", "r \(long)\n")
    try folder.write("kaldi/utt2spk", "a-1 a\na-2 a\nb-1 b\n")
    try folder.write("kaldi/segments", "a-1 r 0.5 0.9\na-2 r 1 1.3\nb-1 r 1.25 3.5\n")
    try prepare(folder.path("kaldi"), into: "files", shards: nil)
    try prepare(folder.path("kaldi"), into: "shards", shards: writer())
    #expect(try !folder.contents("shards").contains("segments"))
    let (files, shards) = (try Corpus.open(folder.path("files")), try Corpus.open(folder.path("shards")))
    for (file, shard) in zip(files.utterances, shards.utterances) {
      #expect(shard.start == 0 && shard.seconds == file.seconds && shard.id == file.id)
      let expected = try Waveform.read(path: file.path, start: file.start, seconds: file.seconds)
      #expect(try Waveform.read(path: shard.path) == expected)
    }
    try prepare(folder.path("kaldi"), into: "joined", shards: writer(), joiningBelow: 0.6)
    let joined = try Corpus.open(folder.path("joined"))
    #expect(joined.utterances.map(\.id) == ["a-1+1", "b-1"] && joined.utterances[0].seconds == 0.7)
    #expect(
      try Waveform.read(path: joined.utterances[0].path)
        == files.utterances.prefix(2).flatMap {
          try Waveform.read(path: $0.path, start: $0.start, seconds: $0.seconds)
        })
    #expect(try !folder.contents("joined").contains("svdist-audio"))
  }

  /// Seven utterances in three shards.
  private func writeSeven() throws {
    for item in 0..<7 {
      try audio.write([GeneratedAudio.noise(8000, item: item)], name: "s\(item % 2)/\(item).wav")
    }
    try prepare(audio.folder.path, into: "data", shards: writer(), relativePaths: true)
  }

  private func ids(in shard: String) throws -> [String] {
    try folder.read("data/wav.scp").split(separator: "\n").filter { $0.contains(shard) }
      .map { String($0.prefix { $0 != " " }) }
  }

  @Test(arguments: ["missing", "cut off", "other bytes"])
  func `a damaged shard is named and its utterances are left out, with a count`(damage: String) throws {
    try writeSeven()
    #expect(try ShardRecords(folder.path("data"))?.damaged() == [])
    let shard = folder.path("data/svdist-shards/shards_000000001.tar")
    let lost = try ids(in: "shards_000000001.tar")
    #expect(lost.count == 3)
    var bytes = try Data(contentsOf: URL(fileURLWithPath: shard))
    bytes[bytes.count / 2] ^= 1
    switch damage {
    case "missing": try FileManager.default.removeItem(atPath: shard)
    case "cut off": try folder.write("data/svdist-shards/shards_000000001.tar", bytes.dropLast(5000))
    default: try folder.write("data/svdist-shards/shards_000000001.tar", bytes)
    }
    let found = try #require(try ShardRecords(folder.path("data"))?.damaged())
    #expect(found.map(\.shard) == [shard] && found.map(\.utterances) == [3])

    // Opening looks at lengths alone; preparing reads every byte.
    let corpus = try Corpus.open(folder.path("data"))
    let isSeen = damage != "other bytes"
    #expect(corpus.damages.map(\.shard) == (isSeen ? [shard] : []))
    #expect(corpus.utterances.count == (isSeen ? 4 : 7))
    if isSeen {
      #expect(corpus.utterances.allSatisfy { !lost.contains($0.id) })
      #expect(
        corpus.damages.summary(in: "data").hasPrefix("data: 1 damaged shard with 3 utterances left out: \(shard) "))
      for utterance in corpus.utterances { #expect(try AudioFile(path: utterance.path).frames == 8000) }
    }
    let source = try CorpusSource(folder.path("data"))
    #expect(source.utterances.count == 4 && source.leftOut.map(\.utterance) == lost)
    #expect(source.leftOut.allSatisfy { $0.reason.hasPrefix("its shard is damaged: \(shard) ") })
    let list = try CorpusSource(folder.path("data/shard.list"))
    #expect(list.utterances.count == 4 && list.leftOut.map(\.path) == [shard])
    #expect(list.leftOut[0].reason.hasSuffix("; its 3 utterances are left out"))
    #expect(list.leftOut.allSatisfy { $0.kind == "the shard is damaged" && $0.reason.contains("its 3 utterances") })
  }

  @Test func `a speaker whose only utterance is lost is lost, and the others keep theirs`() throws {
    for (item, name) in ["a/1", "a/2", "b/1", "c/1", "c/2", "d/1"].enumerated() {
      try audio.write([GeneratedAudio.noise(8000, item: item)], name: "\(name).wav")
    }
    try prepare(audio.folder.path, into: "data", shards: writer(size: 1))
    let place = try #require(try folder.read("data/wav.scp").split(separator: "\n").first { $0.hasPrefix("b/1.wav ") })
    let shard = place.split(separator: " ")[1].split(separator: ":")[0]
    try FileManager.default.removeItem(atPath: String(shard))
    let corpus = try Corpus.open(folder.path("data"))
    #expect(corpus.speakers == ["a", "c", "d"] && corpus.utterances.map(\.speaker) == [0, 0, 1, 1, 2])
    #expect(corpus.utterances.map(\.id) == ["a/1.wav", "a/2.wav", "c/1.wav", "c/2.wav", "d/1.wav"])
    #expect(corpus.utterancesOfSpeaker.map { Array($0) } == [[0, 1], [2, 3], [4]])
  }

  @Test func `audio that lies in the output is not overwritten`() throws {
    try writeSeven()
    let preparation = try CorpusPreparation(
      try CorpusSource(folder.path("data")), lengths: 0.1...(.infinity), minimumUtterances: 1)
    let prepared = try PreparedCorpus(preparation, heldOut: { _ in nil }, trials: nil, seed: 1)
    let failure = #expect(throws: Failure.self) {
      try prepared.write(folder.path("data"), relativePaths: false, overwrite: true)
    }
    #expect(failure?.kind == .usage && failure?.message.contains("would remove the audio") == true)
    try prepared.write(folder.path("data"), shards: writer(size: 4), relativePaths: false, overwrite: true)
    let corpus = try Corpus.open(folder.path("data"))
    #expect(
      try corpus.utterances.count == 7 && corpus.utterances.allSatisfy { try AudioFile(path: $0.path).frames == 8000 })
  }

  @Test func `places that are not those of members are refused`() throws {
    try writeSeven()
    let corpus = try Corpus.open(folder.path("data"))
    let path = corpus.utterances[0].path
    let shard = path.prefix { $0 != ":" }
    for place in ["0", "511", "512", "513", "1048576000", "99999999999999"] where "\(shard):\(place)" != path {
      let failure = #expect(throws: Failure.self) { try AudioFile(path: "\(shard):\(place)") }
      #expect(failure?.kind == .badData && failure?.message.contains("\n") == false)
    }
    let failure = #expect(throws: Failure.self) { try AudioFile(path: folder.path("gone.tar:1536")) }
    #expect(failure?.message.contains("gone.tar:1536: is not in its shard: cannot read") == true)
  }

  @Test func `a recording whose shard is cut off after it was opened is missing, not broken`() throws {
    try writeSeven()
    let path = try Corpus.open(folder.path("data")).utterances[0].path
    let file = try AudioFile(path: path)
    try Data().write(to: URL(fileURLWithPath: String(path.prefix { $0 != ":" })), options: [])
    let failure = #expect(throws: Failure.self) { try file.read(from: 0, count: file.frames) }
    #expect(failure?.message.contains("\(path): is not in its shard: ") == true, "\(failure?.message ?? "")")
  }

  @Test func `a writer that is stopped anywhere leaves no shard that is not whole`() throws {
    try writeSeven()
    let whole = try (0..<3).map {
      try Data(contentsOf: URL(fileURLWithPath: folder.path("data/svdist-shards/shards_00000000\($0).tar")))
    }
    var call = 0
    while true {
      call += 1
      let system = FaultySystem(failing: call, onlyOnce: false)
      var finished = true
      do {
        try system.run(under: folder.path(".stopped")) {
          try prepare(audio.folder.path, into: "stopped", shards: writer(), relativePaths: true)
        }
      } catch {
        finished = false
      }
      for name in try folder.contents("") where name.contains("stopped") && name.hasSuffix(".tar") {
        guard let number = Int(String(name.dropLast(4).suffix(9))), name.contains("/svdist-shards/shards_") else {
          continue
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder.path(name))) == whole[number], "\(call): \(name)")
      }
      if finished { break }
      #expect(!FileManager.default.fileExists(atPath: folder.path("stopped")))
    }
    #expect(call > 10)
  }
}

extension GeneratedAudio.Format {
  fileprivate var suffix: String { self == .vorbis ? "ogg" : rawValue }
}
