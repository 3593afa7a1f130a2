import DistTrain
import Foundation
import TestTools
import Testing

/// Shards that wespeaker's tool wrote; the fixtures are of scripts/golden (oracle/shards.py).
@Suite struct ShardListTests {
  private let folder: TestFolder

  init() throws { folder = try TestFolder() }

  private func fixture(_ form: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: Golden.url("shard-\(form).tar")))
  }

  /// The source of one shard of these bytes.
  private func source(_ shard: [UInt8]) throws -> CorpusSource {
    try folder.write("shards/shards_000000000.tar", shard)
    return try CorpusSource(try folder.write("shard.list", "\nshards/shards_000000000.tar\n"), layout: .shards)
  }

  @Test(arguments: ["pax", "gnu"]) func `utterances of wespeaker's shards are read as they were written`(
    form: String
  ) throws {
    let source = try source(try fixture(form))
    #expect(source.layout == .shards && source.leftOut.isEmpty)
    let long = "id2/" + String(repeating: "x", count: 60) + "/" + String(repeating: "y", count: 60)
    #expect(source.utterances.map(\.id) == ["id1/a", long, "id3/stimme-é"])
    #expect(source.utterances.map(\.speaker) == ["id1", "id2", "sprecher_é"])
    for (item, utterance) in source.utterances.enumerated() {
      let expected = (0..<4400).map { Float((7 * $0 + 13 * item) % 200 + 28 - 128) / 128 }
      #expect(try Waveform.read(path: utterance.path, sampleRate: 8000) == expected)
    }
    let preparation = try CorpusPreparation(source, lengths: 0.5...(.infinity), minimumUtterances: 1)
    try PreparedCorpus(preparation, heldOut: { _ in nil }, trials: nil, seed: 1)
      .write(folder.path("out"), relativePaths: true, overwrite: false)
    let corpus = try Corpus.open(folder.path("out"))
    #expect(corpus.utterances.map(\.seconds) == [0.55, 0.55, 0.55])
    #expect(try AudioFile(path: corpus.utterances[2].path).frames == 4400)
  }

  @Test(arguments: ["pax", "gnu"]) func `archives one after the other are told, and the first is taken`(
    form: String
  ) throws {
    let whole = try fixture(form)
    #expect(try source(whole + [UInt8](repeating: 0, count: 70_000)).leftOut.isEmpty)
    for other in [whole, [1]] {
      let source = try source(whole + other)
      #expect(source.utterances.count == 3 && source.leftOut.map(\.utterance) == ["-"])
      let reason = try #require(source.leftOut.first?.reason)
      #expect(reason.contains("at byte \(whole.count), another archive, or something else, follows"), "\(reason)")
    }
  }

  @Test func `shards of tar's oldest form are read, without their folders`() throws {
    func old(_ name: String, _ content: [UInt8], mark: UInt8 = 0) throws -> [UInt8] {
      var bytes = try member(name, content)
      bytes.replaceSubrange(257..<512, with: [UInt8](repeating: 0, count: 255))
      bytes[156] = mark
      Self.correct(&bytes, 0)
      return bytes
    }
    let parts = [
      try old("d.wav/", []), try old("d/a.spk", Array("s".utf8)), try old("d/a.wav", recording(), mark: 0x30),
    ]
    let source = try source(parts.flatMap { $0 } + [UInt8](repeating: 0, count: 1024))
    #expect(source.utterances.map(\.id) == ["d/a"] && source.leftOut.isEmpty, "\(source.leftOut)")
    #expect(source.passedOver.isEmpty, "\(source.passedOver)")
  }

  @Test(arguments: ["pax", "gnu"]) func `a shard that was cut off is named, and what is whole before is taken`(
    form: String
  ) throws {
    let whole = try fixture(form)
    let all = try source(whole).utterances
    var counts: Set<Int> = []
    // The archive's filling with zeros begins after its last member.
    let end = try #require(whole.lastIndex { $0 != 0 })
    for count in stride(from: 0, to: end, by: 256) {
      do {
        let source = try source(Array(whole.prefix(count)))
        counts.insert(source.utterances.count)
        #expect(source.utterances.allSatisfy { all.contains($0) }, "\(count)")
        let last = try #require(source.leftOut.last)
        #expect(last.path == folder.path("shards/shards_000000000.tar") && last.utterance == "-")
        let utterances = source.utterances.count
        let taken = "\(utterances.counted("utterance")) of the shard \(utterances.ifOne("is", "are")) taken"
        #expect(last.reason.hasSuffix(taken), "\(last.reason)")
        let place = try #require(last.reason.firstMatch(of: /at byte (\d+)/)?.1)
        #expect(try #require(Int(place)) <= count, "\(last.reason)")
      } catch let failure as Failure {
        #expect(failure.message.contains("its shards hold no utterance; \(folder.path("shards/shards_000000000.tar"))"))
        #expect(failure.kind == .badData && !failure.message.contains("\n"))
        counts.insert(0)
      }
    }
    #expect(counts.isSuperset(of: [0, 1, 2]))
    let full = try source(Array(whole[...end]))
    #expect(full.utterances == all && full.leftOut.map(\.utterance) == ["-"])
    #expect(full.leftOut[0].reason.hasSuffix("; 3 utterances of the shard are taken"), "\(full.leftOut[0].reason)")
  }

  @Test(arguments: ["pax", "gnu"]) func `members whose names are not UTF-8 are listed`(form: String) throws {
    var bytes = try fixture(form)
    // The é of the third utterance, in two bytes that are no UTF-8.
    for index in bytes.indices.dropLast() where bytes[index] == 0xC3 && bytes[index + 1] == 0xA9 {
      bytes.replaceSubrange(index...index + 1, with: [0xE9, 0xE9])
    }
    for header in stride(from: 0, to: bytes.count - 512, by: 512)
    where bytes[header + 257..<header + 262].elementsEqual("ustar".utf8) {
      Self.correct(&bytes, header)
    }
    let source = try source(bytes)
    #expect(source.utterances.map(\.speaker) == ["id1", "id2"])
    #expect(
      source.leftOut.map(\.reason) == [String](repeating: "its name is not UTF-8: write the shard anew", count: 2))
    #expect(source.leftOut.allSatisfy { $0.utterance == "-" && $0.path.contains("shards_000000000.tar:") })
  }

  @Test(arguments: ["pax", "gnu"]) func `whatever a shard's headers hold, it is read or refused`(form: String) throws {
    let whole = try fixture(form)
    let headers = stride(from: 0, to: whole.count, by: 512).filter {
      whole[$0 + 257..<$0 + 262].elementsEqual("ustar".utf8)
    }
    var stream = RandomStream(seed: 2, purpose: .test)
    var damaged = 0
    for round in 0..<400 {
      var bytes = whole
      let header = headers[stream.below(headers.count)]
      let field = [0..<100, 124..<136, 148..<157, 257..<265, 345..<500, 512..<600][stream.below(6)]
      bytes[header + field.lowerBound + stream.below(field.count)] = UInt8(stream.below(256))
      if round % 2 == 0 { Self.correct(&bytes, header) }
      guard let source = try? source(bytes) else {
        damaged += 1
        continue
      }
      for utterance in source.utterances {
        do { _ = try AudioInspection.inspect(path: utterance.path) } catch {
          #expect((error as? Failure)?.kind == .badData)
        }
      }
      damaged += source.leftOut.isEmpty ? 0 : 1
    }
    #expect(damaged > 100)
  }

  /// Gives a header the checksum of what it holds.
  private static func correct(_ bytes: inout [UInt8], _ header: Int) {
    let sum = (0..<512).reduce(0) { $0 + ((148..<156).contains($1) ? 32 : Int(bytes[header + $1])) }
    let digits = String(sum, radix: 8)
    let field = String(repeating: "0", count: 6 - digits.count) + digits + "\0 "
    bytes.replaceSubrange(header + 148..<header + 156, with: field.utf8)
  }

  @Test(arguments: [("77777777777", "bytes are there"), ("not a size!", "without a size"), ("", "are there")])
  func `a member that is longer than its shard is refused`(size: String, message: String) throws {
    var bytes = try fixture("pax")
    let field = size.isEmpty ? [0x80, 0, 0, 0, 0, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF] : Array(size.utf8) + [0]
    bytes.replaceSubrange(1024 + 124..<1024 + 136, with: field)
    Self.correct(&bytes, 1024)
    let failure = #expect(throws: Failure.self) { try source(bytes) }
    #expect(failure?.message.contains("is a damaged tar archive: at byte 1024, ") == true, "\(failure?.message ?? "")")
    if size != "77777777777" { #expect(failure?.message.contains(message) == true, "\(failure?.message ?? "")") }
  }

  @Test func `an utterance without speaker or in m4a is left out with the reason`() throws {
    var bytes = try fixture("pax")
    // The first utterance's members are a.spk at 0 and a.wav at 1024.
    func rename(_ header: Int, _ name: String) {
      bytes.replaceSubrange(
        header..<header + 100, with: Array(name.utf8) + [UInt8](repeating: 0, count: 100 - name.utf8.count))
      Self.correct(&bytes, header)
    }
    rename(1024, "id1/a.m4a")
    let foreign = try source(bytes)
    #expect(foreign.utterances.count == 2 && foreign.leftOut.map(\.utterance) == ["id1/a"])
    #expect(
      foreign.leftOut[0].reason.hasPrefix(
        "is .m4a, which libsndfile does not read: convert them to WAV, for example with ffmpeg"))
    rename(1024, "id1/b.wav")
    #expect(
      try source(bytes).leftOut.map(\.reason) == [
        "has no recording beside its speaker", "has no speaker (a member .spk) beside its recording",
      ])
  }

  /// A member with a header like the fixture's.
  private func member(_ name: String, _ content: [UInt8]) throws -> [UInt8] {
    var bytes = Array(try fixture("pax").prefix(512))
    bytes.replaceSubrange(0..<100, with: Array(name.utf8) + [UInt8](repeating: 0, count: 100 - name.utf8.count))
    let size = String(content.count, radix: 8)
    bytes.replaceSubrange(124..<136, with: Array((String(repeating: "0", count: 11 - size.count) + size).utf8) + [0])
    Self.correct(&bytes, 0)
    return bytes + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
  }

  private func shard(_ members: [(name: String, content: [UInt8])]) throws -> [UInt8] {
    try members.flatMap { try member($0.name, $0.content) } + [UInt8](repeating: 0, count: 1024)
  }

  private func recording() throws -> [UInt8] {
    let audio = try GeneratedAudio()
    return [UInt8](try Data(contentsOf: URL(fileURLWithPath: try audio.write([GeneratedAudio.lively(seconds: 1)]))))
  }

  @Test func `members that are neither a recording nor a speaker are counted, wherever they lie`() throws {
    let (sound, json) = (try recording(), Array("{}".utf8))
    let source = try source(
      shard([
        ("readme.txt", json), ("a.json", json), ("a.spk", Array("s".utf8)), ("a.wav", sound), ("README", json),
        ("b.spk", Array("s".utf8)), ("b.json", json), ("b.wav", sound), ("c.wav", sound), ("c.txt", json),
        ("c.spk", Array("t\n".utf8)), ("a.json", json),
      ]))
    #expect(source.utterances.map(\.id) == ["a", "b", "c"] && source.utterances.map(\.speaker) == ["s", "s", "t"])
    #expect(source.leftOut.isEmpty, "\(source.leftOut)")
    #expect(source.passedOver == [".json": 3, ".txt": 2, "without a suffix": 1])
  }

  @Test func `a second recording of a name, and a second speaker, are told`() throws {
    let (sound, speaker) = (try recording(), Array("s".utf8))
    let source = try source(
      shard([
        ("a.spk", speaker), ("a.wav", sound), ("a.flac", sound), ("b.spk", speaker), ("b.wav", sound),
        ("b.spk", speaker),
        ("c.spk", speaker), ("c.wav", sound), ("c.spk", Array("t".utf8)),
      ]))
    #expect(source.utterances.map(\.id) == ["a", "b"] && source.leftOut.map(\.utterance) == ["a", "c"])
    let reasons = source.leftOut.map(\.reason)
    #expect(reasons[0].hasPrefix("another recording of its name comes before it in the shard"))
    #expect(reasons[1].hasPrefix("its speaker is named twice, 's' and 't'"), "\(reasons)")
  }

  @Test(arguments: [
    ([] as [UInt8], "its speaker is empty: write b.spk anew"),
    ([0x20, 0x0A], "its speaker is empty: write b.spk anew"),
    ([0xE9, 0x74], "its speaker is not UTF-8: write b.spk anew"),
    ([0xFF, 0xFE, 0x73, 0], "its speaker is not UTF-8: write b.spk anew"),
    (Array("s\nt\n".utf8), "its speaker is 2 lines where one names it: write b.spk anew"),
  ])
  func `a speaker that is none is told as it is`(bytes: [UInt8], reason: String) throws {
    let sound = try recording()
    let source = try source(
      shard([("a.spk", Array("s".utf8)), ("a.wav", sound), ("b.spk", bytes), ("b.wav", sound)]))
    #expect(source.utterances.map(\.id) == ["a"])
    #expect(source.leftOut.map(\.utterance) == ["b"] && source.leftOut.map(\.reason) == [reason])
  }

  @Test func `lists that cannot be read are refused`() throws {
    try folder.write("packed.tar.gz", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3] as [UInt8])
    for (text, message) in [
      ("\n\n", "the list is empty"),
      ("x.tar\nhttp://host/y.tar\n", "shard.list:2: 'http://host/y.tar' is not on a file system"),
      (
        "packed.tar.gz\n",
        "its shards hold no utterance; \(folder.path("packed.tar.gz")) is compressed with gzip: unpack it"
      ),
      ("gone.tar\n", "its shards hold no utterance; \(folder.path("gone.tar")) cannot read"),
    ] {
      let path = try folder.write("shard.list", text)
      let failure = #expect(throws: Failure.self) { try CorpusSource(path, layout: .shards) }
      #expect(failure?.message.contains(message) == true && failure?.kind == .badData, "\(failure?.message ?? "")")
    }
    let bytes = try fixture("gnu")
    try folder.write("one.tar", bytes)
    try folder.write("two.tar", bytes)
    let twice = try CorpusSource(try folder.write("shard.list", "one.tar\ntwo.tar\n"))
    #expect(twice.utterances.count == 3 && twice.leftOut.count == 3)
    #expect(twice.leftOut[0].path.hasSuffix("shard.list:2"))
    #expect(twice.leftOut[0].reason.hasPrefix("its utterance id is taken: 'id1/a' is on line 1 already"))
  }
}
