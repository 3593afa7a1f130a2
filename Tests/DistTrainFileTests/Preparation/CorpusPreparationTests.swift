import DistTrain
import Foundation
import TestTools
import Testing

@Suite("Preparing a corpus")
struct CorpusPreparationTests {
  private let folder: TestFolder

  init() throws {
    folder = try TestFolder()
  }

  /// Prepares `source` into `out`, both in the test's folder.
  @discardableResult
  private func prepare(
    _ source: String = "source", out: String = "out", layout: CorpusLayout? = nil, minimumUtterances: Int = 1,
    holdOut: Int? = nil, trials: Int? = nil, seed: UInt64 = 1, relativePaths: Bool = false, overwrite: Bool = false
  ) throws -> CorpusPreparation {
    let preparation = try CorpusPreparation(
      try CorpusSource(folder.path(source), layout: layout), lengths: 0.5...(.infinity),
      minimumUtterances: minimumUtterances)
    let prepared = try PreparedCorpus(
      preparation, heldOut: { corpus in try holdOut.map { try HoldOut.draw($0, from: corpus, seed: seed) } },
      trials: trials, seed: seed)
    try prepared.write(folder.path(out), relativePaths: relativePaths, overwrite: overwrite)
    return preparation
  }

  private func writeTree(speakers: Int, utterances: Int) throws {
    for speaker in 0..<speakers {
      for utterance in 0..<utterances { try folder.writeTone("source/s\(speaker)/u\(utterance).wav", seconds: 0.6) }
    }
  }

  private func lines(_ name: String) throws -> [String] {
    try folder.read(name).split(separator: "\n").map { String($0) }
  }

  @Test("takes every good file of a folder tree and lists exactly the bad ones")
  func badFiles() throws {
    try folder.writeTone("source/b/one.wav", seconds: 1.5)
    try folder.writeTone("source/a/session 1/two words.WAV", seconds: 0.75)
    try folder.write("source/a/notes.txt", "nothing")
    try folder.write("source/.hidden/x.wav", "nothing")
    try folder.write("source/a/text.wav", "this is no audio, whatever its name says\n")
    try folder.write("source/a/empty.flac", "")
    try folder.writeWave("source/a/silent.wav", samples: [Float](repeating: 0, count: 16_000))
    try folder.writeWave("source/a/nan.wav", samples: (0..<16_000).map { $0 == 900 ? .nan : 0.25 })
    try folder.writeTone("source/a/short.wav", seconds: 0.4)
    try folder.writeTone("source/a/truncated.wav")
    let whole = try Data(contentsOf: URL(fileURLWithPath: folder.path("source/a/truncated.wav")))
    try folder.write("source/a/truncated.wav", whole.prefix(20_000))
    try folder.writeTone("source/stray.wav")
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("source/a/missing.ogg"), withDestinationPath: folder.path("nowhere.ogg"))
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("source/a/loop"), withDestinationPath: folder.path("source"))
    let preparation = try prepare()

    let source = folder.path("source")
    #expect(
      try folder.read("out/wav.scp")
        == "a/session_1/two_words.WAV \(source)/a/session 1/two words.WAV\nb/one.wav \(source)/b/one.wav\n")
    #expect(try folder.read("out/utt2spk") == "a/session_1/two_words.WAV a\nb/one.wav b\n")
    #expect(try folder.read("out/spk2utt") == "a a/session_1/two_words.WAV\nb b/one.wav\n")
    #expect(try folder.read("out/utt2dur") == "a/session_1/two_words.WAV 0.75\nb/one.wav 1.5\n")
    let table = try lines("out/left-out.tsv").map { $0.components(separatedBy: "\t") }
    #expect(table[0] == ["utterance", "path", "reason"])
    let reasons = [
      ("empty.flac", "is empty"), ("missing.ogg", "no such file"), ("nan.wav", "sample 900"),
      ("short.wav", "is too short: 0.4 s"), ("silent.wav", "is silent"), ("text.wav", "is not audio"),
      ("truncated.wav", "is truncated"),
    ]
    #expect(table.count == reasons.count + 2)
    for (row, (name, reason)) in zip(table.dropFirst(), reasons) {
      #expect(row[0] == "a/\(name)" && row[1] == "\(source)/a/\(name)" && row[2].hasPrefix(reason), "\(row)")
    }
    #expect(table.last == ["-", "\(source)/stray.wav", "is not in a speaker's folder"])
    #expect(preparation.leftOutByKind.map(\.count) == [Int](repeating: 1, count: 8))

    let corpus = try Corpus.open(folder.path("out"))
    #expect(corpus.speakers == ["a", "b"] && corpus.utterances.map(\.seconds) == [0.75, 1.5])
    #expect(try folder.contents("out") == ["corpus.index", "left-out.tsv", "spk2utt", "utt2dur", "utt2spk", "wav.scp"])
    #expect(try folder.contents("").allSatisfy { !$0.contains("partial") })
  }

  @Test("reads a Kaldi directory with segments and writes it with segments")
  func kaldiSegments() throws {
    try folder.writeTone("source/audio/r.wav", seconds: 3)
    try folder.write("source/wav.scp", "r audio/r.wav\nq audio/gone.wav\n")
    try folder.write("source/utt2spk", "a-1 a\na-2 a\nb-1 b\nb-2 b\nb-3 b\n")
    try folder.write("source/segments", "a-1 r 0 1\na-2 r 1 1.25\nb-1 q 0 1\nb-2 r 1.2 3.05\nb-3 r 2 9\n")
    try prepare()
    #expect(try folder.read("out/wav.scp") == "r \(folder.path("source/audio/r.wav"))\n")
    #expect(try folder.read("out/segments") == "a-1 r 0.0 1.0\nb-2 r 1.2 3.0\n")
    #expect(try folder.read("out/utt2dur") == "a-1 1.0\nb-2 1.8\n")
    let reasons = try lines("out/left-out.tsv").dropFirst().map { $0.components(separatedBy: "\t") }
    #expect(reasons.map { $0[0] } == ["b-1", "a-2", "b-3"])
    #expect(reasons[0][2].hasPrefix("no such file"))
    #expect(reasons[1][2].hasPrefix("is too short"))
    #expect(reasons[2][2].hasPrefix("the segment is not in its file"))
    #expect(try Corpus.open(folder.path("out")).utterances.map(\.start) == [0, 1.2])
  }

  @Test("measures whole recordings, whatever utt2dur says of them", arguments: [0.2, 1.05, 5, 1_000_000])
  func wrongDurations(seconds: Double) throws {
    for name in ["r", "q"] { try folder.writeTone("source/\(name).wav", seconds: 1) }
    try folder.write("source/wav.scp", "q q.wav\nr r.wav\n")
    try folder.write("source/utt2spk", "q a\nr a\n")
    try folder.write("source/utt2dur", "q 1.0\nr \(seconds)\n")
    let preparation = try CorpusPreparation(
      try CorpusSource(folder.path("source")), lengths: 0.5...(.infinity), minimumUtterances: 1)
    #expect(preparation.leftOut.isEmpty && preparation.utterances.map(\.seconds) == [1, 1])
    #expect(preparation.ofOtherLength == (seconds == 1.05 ? 0 : 1))
  }

  @Test("names VoxCeleb's utterances by the last three parts of their paths", arguments: ["", "wav/", "vox1/dev/wav/"])
  func voxceleb(above: String) throws {
    for name in ["id10270/5r0dWxy17C8/00001.wav", "id10270/5r0dWxy17C8/00002.wav", "id10271/1gtz-CUIygI/00001.wav"] {
      try folder.writeTone("source/\(above)\(name)")
    }
    try folder.writeTone("source/readme.wav")
    #expect(try CorpusSource(folder.path("source")).layout == .voxceleb)
    try prepare()
    #expect(
      try lines("out/utt2spk") == [
        "id10270/5r0dWxy17C8/00001.wav id10270", "id10270/5r0dWxy17C8/00002.wav id10270",
        "id10271/1gtz-CUIygI/00001.wav id10271",
      ])
    #expect(try lines("out/left-out.tsv").last?.hasSuffix("readme.wav\tis not in an idXXXXX/video folder") == true)
    if above == "vox1/dev/wav/" {
      try prepare(out: "forced", layout: .folders)
      #expect(try lines("forced/spk2utt").count == 1)
    }
  }

  @Test("writes the same output for the same seed, whatever the timing, and holds out whole speakers")
  func holdOut() throws {
    try writeTree(speakers: 7, utterances: 3)
    try folder.writeTone("source/single/u.wav")
    try prepare(out: "one", holdOut: 4, trials: 30)
    try prepare(out: "two", holdOut: 4, trials: 30)
    try prepare(out: "three", holdOut: 4, trials: 30, seed: 2)
    let names = try folder.contents("one")
    #expect(try folder.contents("two") == names)
    #expect(names.contains("evaluation/trials") && names.contains("left-out.tsv") && names.contains("train/wav.scp"))
    // The index notes when the lists were written.
    for name in names where (name.contains(".") || name.contains("/")) && !name.hasSuffix("corpus.index") {
      #expect(try folder.read("one/\(name)") == folder.read("two/\(name)"), "\(name)")
    }
    #expect(try folder.read("one/evaluation/spk2utt") != folder.read("three/evaluation/spk2utt"))

    let training = try Corpus.open(folder.path("one/train"))
    let evaluation = try Corpus.open(folder.path("one/evaluation"))
    #expect(training.speakers.count == 4 && evaluation.speakers.count == 4)
    #expect(training.speakers.contains("single"))
    #expect(Set(training.speakers).isDisjoint(with: evaluation.speakers))
    #expect(training.utterances.count + evaluation.utterances.count == 22)
    let trials = try lines("one/evaluation/trials").map { $0.components(separatedBy: " ") }
    #expect(trials.count == 30)
    #expect(trials.count { $0[2] == "target" } == 12)
    for trial in trials {
      let pair = try trial[..<2].map { evaluation.utterances[try #require(evaluation.utterance(named: $0))].speaker }
      #expect((pair[0] == pair[1]) == (trial[2] == "target"))
    }
  }

  @Test("draws held-out speakers among those with two utterances")
  func heldOutSpeakers() throws {
    let corpus = Corpus.synthetic([3, 1, 2, 1, 3])
    for seed in 0..<10 as Range<UInt64> {
      #expect(try HoldOut.draw(3, from: corpus, seed: seed) == ["s0000", "s0002", "s0004"])
    }
    let failure = #expect(throws: Failure.self) { try HoldOut.draw(4, from: corpus, seed: 1) }
    #expect(failure?.message.hasPrefix("--hold-out 4: only 3 of 5 usable speakers") == true)
  }

  @Test("holds out the speakers that a file lists")
  func listedSpeakers() throws {
    try writeTree(speakers: 4, utterances: 2)
    let corpus = Corpus(
      try CorpusPreparation(CorpusSource(folder.path("source")), lengths: 0...(.infinity), minimumUtterances: 1)
        .utterances)
    #expect(try HoldOut.read(folder.write("list", "s2\ns0\n"), corpus: corpus) == ["s0", "s2"])
    for (text, message) in [
      ("s2\ns9\n", "list:2: speaker 's9'"), ("s0\ns1\ns2\ns3\n", "none would be left"), ("s0 s1\n", "list:1: 2 fields"),
    ] {
      let failure = try #require(throws: Failure.self) { try HoldOut.read(folder.write("list", text), corpus: corpus) }
      #expect(failure.message.contains(message), "\(failure)")
    }
  }

  @Test("leaves out speakers with too few usable utterances")
  func minimumUtterances() throws {
    try writeTree(speakers: 2, utterances: 2)
    try folder.writeTone("source/s2/u0.wav")
    try folder.writeTone("source/s2/short.wav", seconds: 0.1)
    let preparation = try prepare(minimumUtterances: 2)
    #expect(try Corpus.open(folder.path("out")).speakers == ["s0", "s1"])
    #expect(
      preparation.leftOutByKind.map(\.kind) == ["is too short", "its speaker has too few usable utterances"])
  }

  @Test("writes paths relative to the lists, so that both can be moved together")
  func relative() throws {
    try writeTree(speakers: 3, utterances: 2)
    try folder.writeTone("source/ s/x.wav")
    try prepare(out: "source/lists", holdOut: 2, relativePaths: true)
    #expect(try lines("source/lists/evaluation/wav.scp")[0].contains(" ../../"))
    try FileManager.default.moveItem(atPath: folder.path("source"), toPath: folder.path("moved"))
    for part in ["train", "evaluation"] {
      for utterance in try Corpus.open(folder.path("moved/lists/\(part)")).utterances {
        #expect(FileManager.default.fileExists(atPath: utterance.path), "\(utterance.path)")
      }
    }
  }

  @Test("replaces nothing but its own output, and only when asked")
  func overwriting() throws {
    try writeTree(speakers: 2, utterances: 2)
    try FileManager.default.createDirectory(atPath: folder.path("out"), withIntermediateDirectories: false)
    try prepare()
    try folder.writeTone("source/s9/u.wav")
    #expect(throws: Failure.self) { try prepare() }
    #expect(try Corpus.open(folder.path("out")).speakers.count == 2)
    try prepare(overwrite: true)
    #expect(try Corpus.open(folder.path("out")).speakers.count == 3)
    try folder.write("out/thesis.tex", "important")
    let failure = #expect(throws: Failure.self) { try prepare(overwrite: true) }
    #expect(failure?.message.contains("'thesis.tex'") == true && failure?.kind == .usage)
    #expect(try folder.read("out/thesis.tex") == "important")
    #expect(try folder.contents("").allSatisfy { !$0.contains("partial") })
  }

  /// What svdist wrote below the first level is known by its names, and whatever else lies there is somebody's.
  @Test func `an output is replaced with all its parts, but not with what others put into them`() throws {
    try writeTree(speakers: 4, utterances: 6)
    func prepare(shards: Bool) throws {
      let preparation = try CorpusPreparation(
        CorpusSource(folder.path("source")), lengths: 0.5...(.infinity), minimumUtterances: 1, joiningBelow: 1)
      let prepared = try PreparedCorpus(
        preparation, heldOut: { try HoldOut.draw(2, from: $0, seed: 1) }, trials: nil, seed: 1)
      try prepared.write(
        folder.path("out"), shards: shards ? ShardWriter(utterancesPerShard: 2, isDecoded: false, seed: 1) : nil,
        relativePaths: false, overwrite: true)
    }
    for shards in [false, true, false] { try prepare(shards: shards) }
    try folder.write("out/listen/001-clean.wav", "")
    try folder.write("out/listen/1000-augmented.wav", "")
    try folder.write("out/listen/pairs.tsv", "")
    #expect(try WholeFolder.check(folder.path("out"), replacing: PreparedCorpus.contents))
    for (name, top) in [
      ("train/feats.scp", nil), ("train/exp/final.mdl", "train/exp"), ("evaluation/mine.txt", nil),
      ("train/svdist-audio/mine.wav", "train/svdist-audio"), ("listen/mine.wav", nil), ("listen/1001-clean.wav", nil),
      ("listen/01-clean.wav", nil),
      ("svdist-audio/joined/mine.flac", nil), ("svdist-audio/joined/train/0000/mine.flac", nil),
      ("svdist-shards/mine.tar", "svdist-shards"), ("train/train/wav.scp", "train/train"),
    ] as [(String, String?)] {
      try folder.write("out/\(name)", "important")
      let failure = #expect(throws: Failure.self) { try prepare(shards: false) }
      #expect(failure?.kind == .usage && failure?.message.contains("'\(name)'") == true, "\(failure?.message ?? "")")
      #expect(try folder.read("out/\(name)") == "important")
      try FileSystem.remove(folder.path("out/\(top ?? name)"))
    }
    try prepare(shards: false)
  }

  @Test func `a data directory by hand is not replaced, and a link to an output stays`() throws {
    try writeTree(speakers: 2, utterances: 2)
    let lists = ["out/wav.scp": "u \(folder.path("source/s0/u0.wav"))\n", "out/utt2spk": "u s\n"]
    for (name, text) in lists { try folder.write(name, text) }
    let failure = #expect(throws: Failure.self) { try prepare(overwrite: true) }
    #expect(failure?.kind == .usage && failure?.message.contains("has no left-out.tsv") == true)
    for (name, text) in lists { #expect(try folder.read(name) == text) }
    try prepare(out: "disk/data")
    try FileManager.default.createSymbolicLink(atPath: folder.path("link"), withDestinationPath: "disk/data")
    try folder.writeTone("source/s9/u.wav")
    try prepare(out: "link", relativePaths: true, overwrite: true)
    #expect(FileSystem.isLink(folder.path("link")))
    let corpus = try Corpus.open(folder.path("disk/data"))
    #expect(corpus.speakers.count == 3)
    #expect(try lines("link/wav.scp").allSatisfy { $0.contains(" ../../source/") })
    #expect(corpus.utterances.allSatisfy { FileManager.default.fileExists(atPath: $0.path) })
  }

  @Test("leaves out what would have another's name, which stays with the one that has it already")
  func nameClashes() throws {
    for path in ["a b/x.wav", "a_b/y.wav", "c/d e.wav", "c/d_e.wav", "f g/u.wav", "f\u{A0}g/v.wav"] {
      try folder.writeTone("source/\(path)")
    }
    let copies = ["dev/wav/id10270/x/00001.wav", "test/wav/id10270/x/00001.wav", "test/wav/id10271/x/00001.wav"]
    for path in copies { try folder.writeTone("voxceleb/\(path)") }
    try prepare()
    #expect(try lines("out/utt2spk") == ["a_b/y.wav a_b", "c/d_e.wav c", "f_g/u.wav f_g"])
    let source = folder.path("source")
    #expect(
      try lines("out/left-out.tsv").dropFirst().sorted() == [
        "a_b/x.wav\t\(source)/a b/x.wav\ttwo folders would be one speaker: 'a_b' and 'a b' become 'a_b': rename one",
        "c/d_e.wav\t\(source)/c/d e.wav\tits utterance id is taken: 'c/d_e.wav' is that of \(source)/c/d_e.wav: "
          + "rename one of the two",
        "f_g/v.wav\t\(source)/f\\u{A0}g/v.wav\ttwo folders would be one speaker: 'f g' and 'f\\u{A0}g' become 'f_g': "
          + "rename one",
      ])
    try prepare("voxceleb", out: "two")
    #expect(try lines("two/utt2spk") == ["id10270/x/00001.wav id10270", "id10271/x/00001.wav id10271"])
    #expect(try lines("two/left-out.tsv").count == 2)
  }

  @Test("leaves nothing behind when it fails")
  func nothingHalfWritten() throws {
    struct Stop: Error {}
    let failure = #expect(throws: Failure.self) {
      try WholeFolder.write(folder.path("out")) { partial in
        try OutputFile.write(lines: ["a"], to: partial + "/wav.scp")
        throw Stop()
      }
    }
    #expect(failure?.kind == .failed)
    #expect(try folder.contents("").isEmpty)
  }

  @Test("refuses a source or output it can do nothing with, in one line")
  func refusals() throws {
    try FileManager.default.createDirectory(atPath: folder.path("nothing"), withIntermediateDirectories: false)
    try folder.write("video/id10270/x/00001.m4a", "x")
    try folder.writeTone("flat/one.wav")
    try folder.write("bad/a/text.wav", "text")
    try folder.write("file", "text")
    try folder.write("lists/utt2spk", "a a\n")
    try writeTree(speakers: 2, utterances: 2)
    let cases: [(source: String, out: String, holdOut: Int?, trials: Int?, kind: Failure.Kind, message: String)] = [
      ("gone", "out", nil, nil, .badData, "gone: no such folder"),
      ("file", "out", nil, nil, .badData, "file: neither a folder nor a list"),
      ("nothing", "out", nil, nil, .badData, "nothing: the folder holds no files"),
      ("video", "out", nil, nil, .badData, "most of them named .m4a"),
      ("flat", "out", nil, nil, .badData, "none of its 1 audio files"),
      ("bad", "out", nil, nil, .badData, "no utterance can be used (1 × is not audio that libsndfile reads)"),
      ("lists", "out", nil, nil, .badData, "lists/wav.scp: no such file"),
      ("source", "file/out", nil, nil, .usage, "file is not a folder"),
      ("source", "file", nil, nil, .usage, "exists and is not a folder"),
      ("source", "out", 2, nil, .usage, "--hold-out 2: the corpus has 2 usable speakers"),
      ("source", "out", 0, nil, .usage, "--hold-out 0"),
      ("source", "out", 1, nil, .usage, "1 pair of one speaker and 0 of two"),
      ("source", "out", nil, 7, .usage, "--trials 7: the speakers to evaluate on give 6 pairs"),
    ]
    for (source, out, holdOut, trials, kind, message) in cases {
      let failure = try #require(throws: Failure.self) {
        _ = try WholeFolder.check(folder.path(out), replacing: nil)
        try prepare(source, out: out, holdOut: holdOut, trials: trials)
      }
      #expect(failure.message.contains(message) && failure.kind == kind, "\(source): \(failure)")
      #expect(!failure.message.contains("\n"))
      #expect(out == "file" || !FileManager.default.fileExists(atPath: folder.path(out)))
    }
  }

  @Test func `a recording that is too long by its header is not told as a segment`() throws {
    let audio = try GeneratedAudio()
    let path = try audio.write([GeneratedAudio.lively(seconds: 1)], as: .flac, name: "a/long.flac")
    var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    // The highest bits of the number of samples: 2³⁵ of them last some 25 days.
    bytes[21] = bytes[21] & 0xF0 | 8
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    let preparation = try CorpusPreparation(
      CorpusSource(audio.folder.path), lengths: 0.1...(.infinity), minimumUtterances: 1)
    let reason = try #require(preparation.leftOut.first).reason
    #expect(reason.hasPrefix("lasts 2147") && reason.contains("s by its header"), "\(reason)")
  }
}
