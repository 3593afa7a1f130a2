import CSndFile
import DistTrain
import Foundation
import TestTools
import Testing

/// svdist prepare takes the recordings of a folder tree and accounts for the rest.
@Suite struct AudioTreeTests {
  private let folder: TestFolder

  init() throws { folder = try TestFolder() }

  private func source(_ layout: CorpusLayout? = nil) throws -> CorpusSource {
    try CorpusSource(folder.path("source"), layout: layout)
  }

  @Test func `every format that libsndfile reads is taken, every other one listed, all else counted`() throws {
    let taken = [
      "sph", "aiff", "aif", "au", "oga", "caf", "w64", "rf64", "snd", "voc", "WAV", "flac", "ogg", "opus", "mp3",
    ]
    for suffix in taken { try folder.write("source/s/\(suffix).\(suffix)", "x") }
    for suffix in ["m4a", "amr", "webm", "wv"] { try folder.write("source/s/\(suffix).\(suffix)", "x") }
    for name in ["a.txt", "b.txt", "c.json", "README", ".hidden.wav"] { try folder.write("source/s/\(name)", "x") }
    let source = try source()
    #expect(Set(source.utterances.map(\.id)) == Set(taken.map { "s/\($0).\($0)" }))
    #expect(source.leftOut.count == 4 && source.leftOut.allSatisfy { $0.reason.contains("libsndfile does not read") })
    #expect(source.passedOver == [".txt": 2, ".json": 1, "without a suffix": 1, "hidden": 1])
  }

  @Test func `recordings of rare formats are listed one by one, what only bears their suffixes is counted`() throws {
    let audio = try GeneratedAudio()
    let (sound, integers) = ([GeneratedAudio.lively(seconds: 1)], Int(SF_FORMAT_PCM_16))
    let formats: [(suffix: String, format: Int)] = [
      ("sf", Int(SF_FORMAT_IRCAM)), ("paf", Int(SF_FORMAT_PAF)), ("avr", Int(SF_FORMAT_AVR)),
      ("mat", Int(SF_FORMAT_MAT4)), ("pvf", Int(SF_FORMAT_PVF)), ("htk", Int(SF_FORMAT_HTK)),
      ("sds", Int(SF_FORMAT_SDS)), ("iff", Int(SF_FORMAT_SVX)), ("mpc", Int(SF_FORMAT_MPC2K)),
    ]
    for (suffix, format) in formats {
      _ = try audio.write(sound, libsndfile: format | integers, name: "s/\(suffix).\(suffix)")
      _ = try audio.write(sound, libsndfile: format | integers, name: "s/.hidden.\(suffix)")
      try Data("features".utf8).write(to: URL(fileURLWithPath: audio.path("s/features.\(suffix)")))
    }
    try audio.write(sound, name: "s/u.wav")
    let source = try CorpusSource(audio.folder.path)
    #expect(source.utterances.map(\.id) == ["s/u.wav"])
    let reasons = Dictionary(
      uniqueKeysWithValues: source.leftOut.map { (($0.path as NSString).lastPathComponent, $0.reason) })
    #expect(reasons.count == formats.count + 1)
    for (suffix, _) in formats {
      let reason = reasons["\(suffix).\(suffix)"]
      #expect(reason?.hasPrefix("is .\(suffix), which svdist takes from lists alone: name it in") == true, "\(reasons)")
    }
    #expect(reasons["features.mpc"]?.contains("libsndfile does not read: convert") == true)
    let counted = formats.map(\.suffix).filter { $0 != "mpc" }.map { (".\($0)", 1) }
    #expect(
      source.passedOver == Dictionary(uniqueKeysWithValues: counted).merging(["hidden": formats.count]) { $0 + $1 })

    // What the reason recommends.
    try folder.write(
      "list.csv", "path,speaker\n" + formats.map { "\(audio.path("s/\($0.suffix).\($0.suffix)")),s\n" }.joined())
    let preparation = try CorpusPreparation(
      try CorpusSource(folder.path("list.csv")), lengths: 0.5...(.infinity), minimumUtterances: 1)
    #expect(preparation.utterances.count == formats.count && preparation.leftOut.isEmpty, "\(preparation.leftOut)")
  }

  /// The utterances that are kept, and the reasons why files are not, by their names.
  private func prepared() throws -> (ids: [String], reasons: [String: String]) {
    let preparation = try CorpusPreparation(source(), lengths: 0.5...(.infinity), minimumUtterances: 1)
    let reasons = preparation.leftOut.map { (($0.path as NSString).lastPathComponent, $0.reason) }
    return (preparation.utterances.map(\.id), Dictionary(uniqueKeysWithValues: reasons))
  }

  @Test func `of two files of one name one is taken, and the other is listed`() throws {
    for name in ["s/x.flac", "s/x.wav", "s/x.mp3", "s/y.mp3", "s/z.m4a", "s/z.flac", "s/x.y.wav", "t/x.flac"] {
      try folder.writeTone("source/\(name)")
    }
    let (ids, reasons) = try prepared()
    #expect(ids == ["s/x.wav", "s/x.y.wav", "s/y.mp3", "s/z.flac", "t/x.flac"])
    let copy = "is a copy of a recording that is taken: x.wav lies beside it"
    #expect(reasons == ["x.flac": copy, "x.mp3": copy])
    #expect(try source().passedOver == [".m4a beside a converted copy": 1])
  }

  @Test func `a copy that cannot be used yields to the next, for whatever reason`() throws {
    for name in ["a.flac", "a.mp3", "b.wav", "c.wav", "c.flac", "e.flac", "f.flac"] {
      try folder.writeTone("source/s/\(name)")
    }
    for name in ["a.wav", "b.flac", "d.wav", "d.flac", "g.flac"] { try folder.write("source/s/\(name)", "") }
    var tone = (0..<16_000).map { 0.5 * sin(Float($0) / 20) }
    tone[900] = .nan
    try folder.writeWave("source/s/e.wav", samples: tone)
    for name in ["f.wav", "g.wav", "h.wav", "h.flac"] { try folder.writeTone("source/s/\(name)", seconds: 0.2) }
    let (ids, reasons) = try prepared()
    #expect(ids == ["s/a.flac", "s/b.wav", "s/c.wav", "s/e.flac", "s/f.flac"])
    let short = "is too short: 0.2 s, --minimum-seconds is 0.5"
    let empty = "is empty (0 bytes): copy or convert it again"
    let expected = [
      "a.wav": "\(empty); its copy a.flac is taken",
      "a.mp3": "is a copy of a recording that is taken: a.flac lies beside it",
      "b.flac": "is a copy of a recording that is taken: b.wav lies beside it",
      "c.flac": "is a copy of a recording that is taken: c.wav lies beside it", "d.wav": empty, "d.flac": empty,
      "e.wav": "sample 900 (at 0.056 s) is nan: convert the recording again; its copy e.flac is taken",
      "f.wav": "\(short); its copy f.flac is taken", "g.wav": short, "g.flac": empty, "h.wav": short, "h.flac": short,
    ]
    #expect(reasons == expected, "\(reasons)")
  }

  @Test func `a copy takes no other file's name, and none is taken of a recording that is left out`() throws {
    for name in ["a_b.flac", "a b.flac", "c d.wav", "c_d.wav", "c d.flac"] { try folder.writeTone("source/s/\(name)") }
    try folder.write("source/s/a b.wav", "")
    let (ids, reasons) = try prepared()
    #expect(ids == ["s/a_b.flac", "s/c_d.wav"])
    #expect(reasons.keys.sorted() == ["a b.flac", "a b.wav", "c d.flac", "c d.wav"])
    let taken = "its utterance id is taken: 's/a_b.flac' is that of another file: rename one of the two"
    #expect(reasons["a b.flac"] == taken)
    #expect(reasons["a b.wav"]?.hasPrefix("is empty") == true)
    #expect(reasons["c d.flac"] == "is a copy of a recording that is left out: c d.wav lies beside it")
  }

  @Test func `folders that link to each other are walked once each`() throws {
    // Each of 24 folders links to all later ones: 2²³ paths lead to the last.
    for index in 0..<24 { try folder.write("source/f\(index)/u.wav", "x") }
    for index in 0..<24 {
      for other in 0..<24 {
        try FileManager.default.createSymbolicLink(
          atPath: folder.path("source/f\(index)/l\(other)"), withDestinationPath: folder.path("source/f\(other)"))
      }
    }
    let source = try source()
    #expect(source.utterances.map(\.speaker).count == 24 && source.utterances.allSatisfy { $0.id.hasSuffix("/u.wav") })
    #expect(source.passedOver == ["links to folders that are read already": 24 * 24])
  }

  @Test func `a link to a folder elsewhere is followed`() throws {
    try folder.write("other/u.wav", "x")
    try folder.write("source/s/u.wav", "x")
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("source/t"), withDestinationPath: folder.path("other"))
    #expect(try source().utterances.map(\.id) == ["s/u.wav", "t/u.wav"])
  }

  /// Creates a folder, or an empty file, at a path of bytes below the source; folders above it are there.
  private func create(_ path: [UInt8], isFolder: Bool = false) throws {
    let name = Array(folder.path("source/").utf8) + path + [0]
    let isThere = name.withUnsafeBytes {
      let name = $0.baseAddress!.assumingMemoryBound(to: CChar.self)
      if isFolder { return mkdir(name, 0o755) == 0 }
      let descriptor = open(name, O_CREAT | O_WRONLY, 0o644)
      return descriptor >= 0 && close(descriptor) == 0
    }
    try #require(isThere)
  }

  @Test func `recordings at paths that are not UTF-8 are listed one by one, and the rest there is counted`() throws {
    try folder.write("source/s/u.wav", "x")
    let odd: [UInt8] = [0x73, 0x2F, 0xE9]
    try create(odd + Array(".wav".utf8))
    try create(odd + Array(".txt".utf8))
    try create(odd, isFolder: true)
    for name in ["a.flac", "b.m4a", "c.txt", ".d.wav"] { try create(odd + Array("/\(name)".utf8)) }
    try create(odd + Array("/\u{E9}".utf8) + [0xC3], isFolder: true)
    try create(odd + Array("/\u{E9}".utf8) + [0xC3] + Array("/e.mp3".utf8))
    // A link that leads out of there takes nothing from where it leads.
    let link = Array(folder.path("source/").utf8) + odd + Array("/back\0".utf8)
    let isLinked = link.withUnsafeBytes {
      symlink(folder.path("source/s"), $0.baseAddress!.assumingMemoryBound(to: CChar.self)) == 0
    }
    try #require(isLinked)
    let source = try source()
    #expect(source.utterances.map(\.id) == ["s/u.wav"])
    let reasons = Dictionary(uniqueKeysWithValues: source.leftOut.map { ($0.path, $0.reason) })
    let own = "its name is not UTF-8: rename it"
    let above = "the name of its folder is not UTF-8: rename that"
    let expected = [
      "\\xE9.wav": own, "\\xE9/a.flac": above, "\\xE9/b.m4a": above, "\\xE9/\u{E9}\\xC3/e.mp3": above,
    ]
    #expect(
      reasons == Dictionary(uniqueKeysWithValues: expected.map { (folder.path("source/s/\($0.key)"), $0.value) }),
      "\(reasons)")
    #expect(source.passedOver == [".txt": 2, "hidden": 1, "links to folders that are read already": 1])
  }

  @Test func `a folder whose path is too long for the system is listed as such`() throws {
    try folder.writeTone("source/s/u.wav")
    let name = String(repeating: "y", count: 200)
    var folders = [open(folder.path("source"), O_RDONLY | O_DIRECTORY)]
    defer {
      // The whole path is too long for those who remove folders by it, too.
      for descriptor in folders.reversed() {
        unlinkat(descriptor, name, Int32(AT_REMOVEDIR))
        close(descriptor)
      }
    }
    for _ in 0..<25 {
      let isMade = mkdirat(folders.last!, name, 0o755) == 0
      try #require(isMade)
      folders.append(openat(folders.last!, name, O_RDONLY | O_DIRECTORY))
    }
    let source = try source()
    #expect(source.utterances.map(\.id) == ["s/u.wav"])
    #expect(source.leftOut.map(\.reason) == ["the folder cannot be listed (File name too long)"])
  }

  @Test func `what hidden folders hold is counted file by file`() throws {
    for name in ["s/u.wav", ".old/u.wav", ".old/deep/v.flac", ".old/a.txt", ".old/.w.wav", "s/.x/y.m4a", ".z.wav"] {
      try folder.write("source/\(name)", "x")
    }
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("source/.link"), withDestinationPath: folder.path("source/s"))
    let source = try source()
    #expect(source.utterances.map(\.id) == ["s/u.wav"] && source.leftOut.isEmpty)
    #expect(
      source.passedOver == [
        "hidden": 3, "recordings in hidden folders": 3, "links to folders that are read already": 1,
      ])
  }

  @Test(arguments: [
    (Array("a\u{E9}.wav".utf8), "a\u{E9}.wav"), ([0x61, 0xE9, 0x2E], "a\\xE9."), ([0xC3], "\\xC3"), ([], ""),
    ([0xF0, 0x9F, 0x98, 0x80, 0xF0, 0x9F, 0x01], "\u{1F600}\\xF0\\x9F\u{1}"), ([0xED, 0xA0, 0x80], "\\xED\\xA0\\x80"),
  ])
  func `bytes of names that are not UTF-8 are written out`(bytes: [UInt8], text: String) {
    #expect(String(showing: bytes) == text)
  }

  @Test func `a folder of data directories is no folder of speakers`() throws {
    for part in ["train", "test"] { try folder.write("source/\(part)/wav.scp", "u \(folder.path("u.wav"))\n") }
    try folder.write("source/train/audio/u.wav", "x")
    let failure = #expect(throws: Failure.self) { try source() }
    #expect(failure?.message.contains("holds 2 Kaldi data directories") == true)
    #expect(
      failure?.message.contains("svdist prepare \(folder.path("source"))/test,") == true, "\(failure?.message ?? "")")
    let completed = #expect(throws: Failure.self) { try CorpusSource(folder.path("source") + "//") }
    #expect(completed?.message == failure?.message)
    #expect(try source(.folders).utterances.map(\.id) == ["train/audio/u.wav"])
    try FileManager.default.removeItem(atPath: folder.path("source/train/audio"))
    let silent = #expect(throws: Failure.self) { try source() }
    #expect(silent?.message.contains("holds 2 Kaldi data directories") == true)
  }

  @Test(arguments: [
    ("is .m4a, which libsndfile does not read: convert", "is .m4a"),
    ("is .htk, which svdist takes from lists alone: name", "is .htk"),
    ("its command failed with status 12: x", "its command failed with status N"),
    ("is of 1 Hz", "is of N Hz"), ("its name is not UTF-8: rename it", "its name is not UTF-8"),
    ("sample 900 is nan", "sample N is nan"), ("is .mp3 (7 bytes)", "is .mp3"),
    ("its utterance id is taken: 'a: b' is that of /x", "its utterance id is taken"),
    ("1 field, a key and a path expected", "N field, a key and a path expected"),
    ("3 fields, 4 or 5 expected", "N fields, N or N expected"),
    ("the key, wav or spk is empty", "the key, wav or spk is empty"),
    ("\"vad\": the end is not after the start: from 2 s to 1 s", "\"vad\": the end is not after the start"),
    ("is damaged; 3 utterances of the shard are taken", "is damaged"), ("empty: mend it: now", "empty: mend it"),
    ("is of 1 Hz by its header, no rate of speech: convert", "is of N Hz by its header, no rate of speech"),
    ("is MPEG4 or H264", "is MPEG4 or H264"), ("needs 3gp files", "needs 3gp files"),
  ])
  func `reasons are counted by kind, in which numbers are not part of words`(reason: String, kind: String) {
    #expect(LeftOut.kind(of: reason) == kind)
  }
}
