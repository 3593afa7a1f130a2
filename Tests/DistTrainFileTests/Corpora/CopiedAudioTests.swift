import CSndFile
import DistTrain
import Foundation
import TestTools
import Testing

/// Recordings that are to train on and to evaluate on, though their files have other bytes and names.
@Suite struct CopiedAudioTests {
  private let audio: GeneratedAudio
  private let wav = Int(SF_FORMAT_WAV) | Int(SF_FORMAT_PCM_16)
  private let flac = Int(SF_FORMAT_FLAC) | Int(SF_FORMAT_PCM_16)

  init() throws { audio = try GeneratedAudio() }

  /// Noise whose samples are those of 16 bits, which formats of more bits hold too.
  private func sound(_ item: Int = 0, seconds: Double = 2) -> [Float] {
    GeneratedAudio.noise(Int(16_000 * seconds), item: item).map { ($0 * 32_768).rounded() / 32_768 }
  }

  private func write(_ samples: [Float], _ name: String, as format: Int, rate: Int = 16_000) throws -> String {
    try audio.write([samples], rate: rate, libsndfile: format, name: name)
  }

  /// A corpus of whole recordings, each two seconds long by its lists.
  private func corpus(_ paths: [String], speaker: String, seconds: Double = 2) -> Corpus {
    Corpus(
      paths.enumerated().map { index, path in
        ListedUtterance(id: "\(speaker)-\(index)", speaker: speaker, path: path, seconds: seconds)
      })
  }

  private func overlap(_ trained: [String], _ held: [String], seconds: Double = 2) -> CorpusOverlap {
    CorpusOverlap(training: corpus(trained, speaker: "s"), evaluation: corpus(held, speaker: "t", seconds: seconds))
  }

  @Test func `the same samples in another form are found, and the pair is named`() throws {
    let forms: [(name: String, container: Int, bits: Int)] = [
      ("flac", Int(SF_FORMAT_FLAC), Int(SF_FORMAT_PCM_16)), ("flac24", Int(SF_FORMAT_FLAC), Int(SF_FORMAT_PCM_24)),
      ("w64", Int(SF_FORMAT_W64), Int(SF_FORMAT_PCM_16)), ("aiff", Int(SF_FORMAT_AIFF), Int(SF_FORMAT_PCM_16)),
      ("caf", Int(SF_FORMAT_CAF), Int(SF_FORMAT_PCM_16)), ("wav24", Int(SF_FORMAT_WAV), Int(SF_FORMAT_PCM_24)),
      ("wav32", Int(SF_FORMAT_WAV), Int(SF_FORMAT_PCM_32)), ("float", Int(SF_FORMAT_WAV), Int(SF_FORMAT_FLOAT)),
    ]
    let others = try (1...3).map { try write(sound($0), "train/\($0).wav", as: wav) }
    let trained = try write(sound(), "train/x.wav", as: wav)
    for form in forms {
      let format = form.container | form.bits
      let held = try write(sound(), "held/\(form.name)", as: format)
      let apart = try write(sound(4), "held/\(form.name)-other", as: format)
      let overlap = overlap(others + [trained], [apart, held])
      #expect(overlap.files == [held] && overlap.copies == [CorpusOverlap.Copy(path: held, original: trained)])
      #expect(overlap.summary == "1 file (\(held) is \(trained))" && overlap.unread == nil, "\(form.name)")
    }
  }

  @Test func `other chunks in a header, and a second channel of the same, hide no copy`() throws {
    let trained = try write(sound(), "train/x.wav", as: wav)
    var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: trained)))
    // A chunk of 8 bytes that readers pass over, behind the first twelve bytes; the size of all is told before them.
    bytes.insert(contentsOf: Array("junk".utf8) + [8, 0, 0, 0] + Array("whatever".utf8), at: 12)
    let size = UInt32(bytes.count - 8)
    bytes.replaceSubrange(4..<8, with: (0..<4).map { UInt8(truncatingIfNeeded: size >> (8 * $0)) })
    let tagged = audio.path("held-tagged.wav")
    try Data(bytes).write(to: URL(fileURLWithPath: tagged))
    let doubled = try audio.write([sound(), sound()], libsndfile: wav, name: "held-doubled.wav")
    #expect(overlap([trained], [tagged, doubled]).files == [doubled, tagged])
  }

  @Test(arguments: [false, true])
  func `members of shards are found among files and files among members`(isDecoded: Bool) throws {
    let folder = try TestFolder()
    for item in 0..<3 { _ = try write(sound(item), "train/s\(item % 2)/\(item).wav", as: wav) }
    let preparation = try CorpusPreparation(
      try CorpusSource(audio.path("train")), lengths: 0.1...(.infinity), minimumUtterances: 1, joiningBelow: nil)
    try PreparedCorpus(preparation, heldOut: { _ in nil }, trials: nil, seed: 1).write(
      folder.path("shards"), shards: ShardWriter(utterancesPerShard: 2, isDecoded: isDecoded, seed: 1),
      relativePaths: true, overwrite: false)
    let shards = try Corpus.open(folder.path("shards"))
    let (held, apart) = (try write(sound(1), "held/y.flac", as: flac), try write(sound(5), "held/z.flac", as: flac))
    let files = corpus([held, apart], speaker: "t")
    let member = try #require(shards.utterances.first { $0.id.contains("1") }).path
    #expect(member.contains(".tar:"))
    let forth = CorpusOverlap(training: shards, evaluation: files)
    #expect(forth.copies == [CorpusOverlap.Copy(path: held, original: member)] && forth.unread == nil)
    let back = CorpusOverlap(training: files, evaluation: shards)
    #expect(back.copies == [CorpusOverlap.Copy(path: member, original: held)] && back.files == [member])
  }

  @Test(arguments: ["other noise", "another end", "another rate", "a part", "silence"])
  func `other recordings of one length in the lists are not copies`(_ what: String) throws {
    var samples = sound()
    var rate = 16_000
    switch what {
    case "other noise": samples = sound(1)
    case "another end": samples[31_999] += samples[31_999] < 0 ? 1 / 32_768 : -1 / 32_768
    case "another rate": rate = 8000
    case "a part": samples.removeLast()
    default: samples = [Float](repeating: 0, count: samples.count)
    }
    // One of 8 kHz begins like the others, and ends otherwise.
    var low = sound()
    low[31_999] = 0.5
    let trained = try [
      write(sound(), "train/x.wav", as: wav), write(low, "train/low.wav", as: wav, rate: 8000),
      write([Float](repeating: 0, count: 32_000), "train/silent.wav", as: wav),
    ]
    let held = try write(samples, "held/y.flac", as: flac, rate: rate)
    #expect(overlap(trained, [held]).files.isEmpty)
    // The same recording as it should be is found, so that it is the difference that counts.
    let same = try write(sound(), "held/z.flac", as: flac)
    #expect(overlap(trained, [held, same]).files == [same])
  }

  @Test func `a long recording is compared to its end`() throws {
    // More than is decoded at once; what remains then is silent but for one sample of the other.
    let long = sound(seconds: 65) + [Float](repeating: 0, count: 5 * 16_000)
    var other = long
    other[1_100_000] = 0.25
    let trained = try write(long, "train/x.wav", as: wav)
    let held = try [
      write(long, "held/same.flac", as: flac), write(other, "held/other.flac", as: flac),
    ]
    #expect(overlap([trained], held).files == [held[0]])
  }

  @Test func `recordings that cannot be read are no copies, and hide none`() throws {
    let trained = try write(sound(), "train/x.wav", as: wav)
    let held = try write(sound(), "held/y.flac", as: flac)
    let cut = audio.path("held/cut.flac")
    try Data(try Data(contentsOf: URL(fileURLWithPath: held)).prefix(20_000)).write(to: URL(fileURLWithPath: cut))
    let missing = ["/none/a.wav", audio.path("none.tar:512")]
    let overlap = overlap(missing + [trained], [cut, held, "/none/b.wav", audio.path("other.tar:512")])
    #expect(overlap.files == [held] && overlap.unread == nil)
  }

  @Test func `lists tell which lengths are compared, to a hundredth of a second`() throws {
    let trained = try write(sound(), "train/x.wav", as: wav)
    let held = try write(sound(), "held/y.flac", as: flac)
    for seconds in [1.99, 2, 2.01] { #expect(overlap([trained], [held], seconds: seconds).files == [held]) }
    for seconds in [1.9, 2.1, 3] { #expect(overlap([trained], [held], seconds: seconds).files.isEmpty) }
  }

  @Test func `recordings of which the lists tell only segments are compared with all`() throws {
    let trained = try write(sound(), "train/x.wav", as: wav)
    let held = try write(sound(), "held/y.flac", as: flac)
    let segments = Corpus([
      ListedUtterance(id: "a", speaker: "s", path: trained, start: 0.25, seconds: 0.5),
      ListedUtterance(id: "b", speaker: "s", path: trained, start: 1, seconds: 0.75),
    ])
    let whole = corpus([held], speaker: "t")
    #expect(CorpusOverlap(training: segments, evaluation: whole).files == [held])
    #expect(CorpusOverlap(training: whole, evaluation: segments).files == [trained])
  }

  @Test func `of a large corpus to train on, recordings of a length to evaluate on are compared, up to 100,000`() throws
  {
    let trained = try write(sound(), "train/x.wav", as: wav)
    let held = try write(sound(), "held/y.flac", as: flac)
    var many = (1...100_000).map { number in
      ListedUtterance(id: "u\(number)", speaker: "s", path: "/none/\(number)", seconds: 3)
    }
    many.append(ListedUtterance(id: "x", speaker: "s", path: trained, seconds: 2))
    let evaluation = corpus([held], speaker: "t")
    let found = CorpusOverlap(training: Corpus(many), evaluation: evaluation)
    #expect(found.files == [held] && found.unread == nil)
    let alike = Corpus(
      many.map { ListedUtterance(id: $0.id, speaker: "s", path: $0.path, seconds: 2) })
    let left = CorpusOverlap(training: alike, evaluation: evaluation)
    #expect(left.files.isEmpty)
    #expect(
      left.unread
        == "100001 files to train on and 1 to evaluate on are compared by path alone, so that copies under other "
        + "names are not found")
  }
}
