import DistTrain
import Foundation
import TestTools
import Testing

/// Each kind of unusable file is told apart in one line that names it.
@Suite struct BadAudioTests {
  let audio: GeneratedAudio

  init() throws { audio = try GeneratedAudio() }

  /// The message of the failure that inspecting `path` ends in.
  private func complaint(_ path: String, start: Double = 0, seconds: Double? = nil) -> String {
    let failure = #expect(throws: Failure.self) {
      try AudioInspection.inspect(path: path, start: start, seconds: seconds)
    }
    #expect(failure?.kind == .badData)
    let message = failure?.message ?? ""
    #expect(message.contains(path))
    #expect(!message.contains("\n"))
    return message
  }

  private func write(_ bytes: Data, _ name: String) throws -> String {
    try bytes.write(to: URL(fileURLWithPath: audio.path(name)))
    return audio.path(name)
  }

  @Test func `A missing file`() {
    #expect(complaint(audio.path("none.wav")).contains("no such file"))
  }

  @Test func `A folder`() {
    #expect(complaint(audio.folder.path).contains("is not a file"))
  }

  @Test func `An unreadable file`() throws {
    let path = try audio.write([GeneratedAudio.sine(300, seconds: 1)])
    try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: path)
    // Permissions do not bind the superuser.
    guard !FileManager.default.isReadableFile(atPath: path) else { return }
    #expect(complaint(path).contains("cannot be read"))
  }

  @Test(arguments: ["empty.wav", "empty.flac", "empty.ogg"])
  func `An empty file`(_ name: String) throws {
    #expect(complaint(try write(Data(), name)).contains("is empty (0 bytes)"))
  }

  @Test func `Text named as audio`() throws {
    #expect(complaint(try write(Data("This is no recording.\n".utf8), "text.wav")).contains("is not audio"))
  }

  @Test(arguments: GeneratedAudio.Format.allCases.filter { $0 != .mp3 }, [0.5, 0.9])
  func `A file cut short`(_ format: GeneratedAudio.Format, share: Double) throws {
    let whole = try Data(contentsOf: URL(fileURLWithPath: audio.write([GeneratedAudio.lively(seconds: 6)], as: format)))
    let path = try write(whole.prefix(Int(share * Double(whole.count))), "cut.\(format.rawValue)")
    #expect(complaint(path).contains("truncated"))
  }

  @Test func `A WAV header without samples`() throws {
    let path = try audio.write([[]], name: "header.wav")
    #expect(complaint(path).contains("holds no samples"))
  }

  @Test(arguments: [UInt32(0), .max])
  func `A WAV file whose writer did not know the length is read to its end, and named where it says 0`(_ length: UInt32)
    throws
  {
    let path = try audio.write([GeneratedAudio.sine(300, seconds: 1)])
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    let data = try #require(bytes.range(of: Data("data".utf8)))
    bytes.replaceSubrange(
      data.upperBound..<data.upperBound + 4, with: withUnsafeBytes(of: length.littleEndian) { Data($0) })
    let patched = try write(bytes, "pipe.wav")
    if length == .max {
      #expect(try AudioInspection.inspect(path: patched).seconds == 1)
    } else {
      #expect(complaint(patched).contains("holds more audio than its header says: 32000 bytes follow 0 bytes"))
    }
  }

  @Test func `A FLAC file whose writer did not know the length is read to its end`() throws {
    let samples = GeneratedAudio.lively(seconds: 3)
    var bytes = try Data(contentsOf: URL(fileURLWithPath: audio.write([samples], as: .flac)))
    // The stream's 36 bits for the number of samples, whole bytes of them.
    bytes[21] &= 0xF0
    bytes.replaceSubrange(22..<26, with: [0, 0, 0, 0])
    let file = try AudioFile(path: write(bytes, "pipe.flac"))
    #expect(file.frames == 48_000)
    #expect(try largestDifference(file.read(from: 40_000, count: 8000), samples[40_000...]) <= 1 / 32768)
  }

  @Test(arguments: [GeneratedAudio.Format.vorbis, .opus])
  func `Ogg files one after the other are refused, because only the first would be heard`(
    format: GeneratedAudio.Format
  ) throws {
    func bytes(seconds: Double, _ name: String) throws -> Data {
      let path = try audio.write([GeneratedAudio.lively(seconds: seconds)], as: format, name: name)
      return try Data(contentsOf: URL(fileURLWithPath: path))
    }
    let one = try bytes(seconds: 1, "one.ogg")
    for other in [one, try bytes(seconds: 2, "other.ogg")] {
      #expect(try complaint(write(one + other, "two.ogg")).contains("is several files one after the other"))
    }
    #expect(try abs(AudioInspection.inspect(path: write(one, "alone.ogg")).seconds - 1) < 0.01)
  }

  @Test(arguments: [GeneratedAudio.Format.vorbis, .opus], [-1, -2, 2])
  func `An Ogg file of which a bit changed, or a stretch became zeros, is damaged`(
    format: GeneratedAudio.Format, page: Int
  ) throws {
    let path = try audio.write([GeneratedAudio.lively(seconds: 6.2)], as: format)
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    let pages = whole.ranges(of: Data("OggS".utf8)).map(\.lowerBound)
    try #require(pages.count >= 5)
    // Counted from the end where it is negative; the middle of a page is sound.
    let index = page < 0 ? pages.count + page : page
    let end = index + 1 < pages.count ? pages[index + 1] : whole.count
    try #require(end - pages[index] > 200)
    let offset = (pages[index] + end) / 2
    var bit = whole
    bit[offset] ^= 1
    #expect(try complaint(write(bit, "bit.ogg")).contains("is damaged: its"))
    var zeros = whole
    for index in offset..<offset + 50 { zeros[index] = 0 }
    #expect(try complaint(write(zeros, "zeros.ogg")).contains("is damaged: its"))
    // What decoders cannot find any more is lost as well.
    var unnamed = whole
    unnamed[pages[pages.count - 1]] ^= 1
    #expect(try complaint(write(unnamed, "unnamed.ogg")).contains("no Ogg page follows before the stream's end"))
    for behind in [Data(count: 500), Data("TAG".utf8) + Data(count: 125)] {
      #expect(try abs(AudioInspection.inspect(path: write(whole + behind, "more.ogg")).seconds - 6.2) < 0.01)
    }
  }

  @Test(arguments: [GeneratedAudio.Format.vorbis, .opus])
  func `An Ogg file of which pages are missing, or lie in another order, is damaged`(
    format: GeneratedAudio.Format
  ) throws {
    let path = try audio.write([GeneratedAudio.lively(seconds: 12)], as: format)
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    let starts = whole.ranges(of: Data("OggS".utf8)).map(\.lowerBound) + [whole.count]
    let pages = zip(starts, starts.dropFirst()).map { whole[$0..<$1] }
    try #require(pages.count >= 7)
    func file(_ order: [Int]) throws -> String { try write(Data(order.flatMap { pages[$0] }), "order.ogg") }
    let all = Array(pages.indices)
    for order in [all.filter { $0 != 4 }, all.filter { $0 != 4 && $0 != 5 }, [0, 1, 2, 3, 5, 4] + all[6...]] {
      #expect(try complaint(file(order)).contains("is damaged: Ogg pages are missing, or lie elsewhere, before"))
    }
    let back = try write(Data(Self.ending(whole, at: 16_000)), "back.ogg")
    #expect(complaint(back).contains("states an earlier time than one before it"))
    let timeless = try write(Data(Self.ending(whole, at: -1)), "timeless.ogg")
    #expect(complaint(timeless).contains("states no time, so that what lies in it would be lost"))
    // A recorded broadcast begins with the headers, and then anywhere.
    let first = try #require(pages.firstIndex { page in page.dropFirst(6).prefix(8).contains { $0 != 0 } })
    try AudioFile(path: file(all.filter { $0 != first })).checkNothingFollows(12)
  }

  /// The places of the frames of a FLAC file of fewer than 2048 frames of one size.
  private static func frames(of bytes: Data) throws -> [Int] {
    let first = try #require(bytes.range(of: Data([0xFF, 0xF8]), in: 42..<bytes.count)).lowerBound
    let head = bytes[first..<first + 4]
    var places: [Int] = []
    while true {
      let number = places.count
      let code = number < 128 ? [UInt8(number)] : [0xC0 | UInt8(number >> 6), 0x80 | UInt8(number & 63)]
      guard let next = bytes.range(of: head + Data(code), in: (places.last ?? first)..<bytes.count) else {
        return places
      }
      places.append(next.lowerBound)
    }
  }

  /// libsndfile tells of damage to FLAC or not as its caller's reads fall: inspection reads ten seconds at a time.
  @Test(arguments: [0, 20, 38, 39, 40, 41, 60])
  func `A FLAC file of which bytes changed, went or came in between is damaged`(frame: Int) throws {
    let path = try audio.write([GeneratedAudio.lively(seconds: 18)], as: .flac)
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    #expect(try AudioInspection.inspect(path: path).seconds == 18)
    let places = try Self.frames(of: whole)
    try #require(places.count > 62 && places.allSatisfy { $0 > 42 })
    let middle = (places[frame] + places[frame + 1]) / 2
    let strange = Data((0..<50).map { UInt8($0 * 5 & 0x7F) })
    var changed = whole
    changed[middle] ^= 0x55
    for damaged in [
      changed, whole[..<middle] + strange + whole[middle...], whole[..<middle] + whole[(middle + 40)...],
      whole[..<places[frame + 1]] + strange + whole[places[frame + 1]...],
    ] {
      let told = try complaint(write(Data(damaged), "damaged.flac"))
      #expect(told.contains("is damaged: no whole FLAC frame lies at "), "\(told)")
    }
  }

  @Test func `a recording that was found whole is looked at again only after a change`() throws {
    let path = try audio.write([GeneratedAudio.lively(seconds: 1)], as: .flac, name: "known.flac")
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    let known = WholeRecordings()
    var looks = 0
    func look(_ fault: Failure? = nil) throws {
      try known.check(path) {
        looks += 1
        if let fault { throw fault }
      }
    }
    for _ in 0..<2 { try look() }
    #expect(looks == 1)
    _ = try write(whole + [0], "known.flac")
    for _ in 0..<2 { #expect(failure { try look(Failure(.badData, "several")) }?.message == "several") }
    #expect(looks == 3)
    _ = try write(whole, "known.flac")
    for _ in 0..<2 { try AudioFile(path: path).checkNothingFollows(1, known: known) }
    try look()
    #expect(looks == 3)
    _ = try write(whole + whole, "known.flac")
    let complaint = failure { try AudioFile(path: path).checkNothingFollows(1, known: known) }
    #expect(complaint?.message.contains("is several files one after the other") == true)
  }

  @Test func `gigabytes of empty chunks end soon`() throws {
    let path = try write(Data("RIFF\0\0\0\0WAVE".utf8), "holes.wav")
    #expect(truncate(path, 3 << 30) == 0)
    #expect(complaint(path).contains("its first 10000 chunks hold no samples"))
  }

  @Test(arguments: [GeneratedAudio.Format.vorbis, .opus])
  func `An Ogg stream without its last page is as long as what is there`(_ format: GeneratedAudio.Format) throws {
    let path = try audio.write([GeneratedAudio.lively(seconds: 6)], as: format)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    let page = try #require(bytes.range(of: Data("OggS".utf8), options: .backwards))
    let report = try AudioInspection.inspect(path: write(bytes[..<page.lowerBound], "stream.ogg"))
    #expect(report.seconds > 4 && report.seconds < 6)
  }

  @Test(arguments: [Float.nan, .infinity, 1.3e29, -3e38, 8000, 101])
  func `Samples that are no recording's are named, whatever reads them and however many channels there are`(
    _ value: Float
  ) throws {
    var samples = GeneratedAudio.sine(300, seconds: 2)
    samples[24_000] = value
    let reason = value.isFinite && value.magnitude < .infinity ? "is far beyond full scale (\(value)," : "is \(value)"
    let named = "sample 24000 (at 1.500 s) \(reason)"
    // The mean of two such channels overflows, and that of opposite ones is 0.
    for others in [[], [samples.map { _ in 0 }], [samples], [samples.map { -$0 }]] {
      let path = try audio.write([samples] + others, as: .floatWav)
      #expect(complaint(path).contains(named))
      for rate in [16_000, 8000] {
        #expect(failure { _ = try Waveform.read(path: path, sampleRate: rate) }?.message.contains(named) == true)
      }
      #expect(failure { _ = try Waveform.read(path: path, channel: 0) }?.message.contains(named) == true)
    }
    let path = try audio.write([samples.map { _ in 0.1 }, samples], as: .floatWav)
    #expect(try Waveform.read(path: path, channel: 0).allSatisfy { $0 == 0.1 })
  }

  @Test func `Channels that cancel each other are told apart from silent ones`() throws {
    let sound = GeneratedAudio.lively(seconds: 1)
    let opposite = sound.map { -0.9 * $0 }
    #expect(
      try complaint(audio.write([sound, opposite], as: .floatWav)).contains(
        "its 2 channels cancel each other: their mean has 0.3 % of their energy"))
    let silence = sound.map { _ in Float(0) }
    #expect(try complaint(audio.write([silence, silence])).contains("is silent"))
    // A level that is the same in both channels is no sound.
    let raised = [sound, opposite].map { $0.map { 0.3 * $0 + 0.2 } }
    #expect(try complaint(audio.write(raised, as: .floatWav)).contains("cancel each other: their mean has 0.3 %"))
    // One channel alone, and sixteen of different sounds, are no more than quieter.
    #expect(try AudioInspection.inspect(path: audio.write([sound, silence])).channels == 2)
    let many = (0..<16).map { GeneratedAudio.noise(16_000, item: $0) }
    #expect(try AudioInspection.inspect(path: audio.write(many)).channels == 16)
    let path = try audio.write([sound, opposite], as: .floatWav)
    #expect(try AudioInspection.inspect(path: path, channel: 1).peak > 0.4)
  }

  /// Some days at 16 kHz, which `AudioFile.longest` accepts.
  private let promised = 10_000_000_000

  /// A FLAC or Opus file of 3 s that promises ten milliards of samples.
  private func promising(_ format: GeneratedAudio.Format) throws -> String {
    let whole = try audio.write([GeneratedAudio.lively(seconds: 3)], as: format)
    var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: whole)))
    if format == .flac {
      bytes[21] = bytes[21] & 0xF0 | UInt8(promised >> 32)
      for index in 0..<4 { bytes[22 + index] = UInt8(truncatingIfNeeded: promised >> (8 * (3 - index))) }
    } else {
      bytes = try Self.ending(Data(bytes), at: promised)
    }
    return try write(Data(bytes), "promising.\(format.rawValue)")
  }

  /// An Ogg file whose last page states another time for its end.
  private static func ending(_ whole: Data, at time: Int) throws -> [UInt8] {
    let page = try #require(whole.range(of: Data("OggS".utf8), options: .backwards)).lowerBound
    var bytes = [UInt8](whole)
    for index in 0..<8 { bytes[page + 6 + index] = UInt8(truncatingIfNeeded: time >> (8 * index)) }
    bytes.replaceSubrange(page + 22..<page + 26, with: [0, 0, 0, 0])
    let sum = oggChecksum(bytes[page...])
    for index in 0..<4 { bytes[page + 22 + index] = UInt8(truncatingIfNeeded: sum >> (8 * index)) }
    return bytes
  }

  /// The checksum of an Ogg page (RFC 3533): CRC-32 of the polynomial 04C11DB7, not reflected, from 0.
  private static func oggChecksum(_ page: ArraySlice<UInt8>) -> UInt32 {
    page.reduce(UInt32(0)) { sum, byte in
      (0..<8).reduce(sum ^ UInt32(byte) << 24) { sum, _ in sum & 1 << 31 == 0 ? sum << 1 : sum << 1 ^ 0x04C1_1DB7 }
    }
  }

  @Test(arguments: [GeneratedAudio.Format.flac, .opus])
  func `A header that promises far more than there is makes a truncated file, not a failed allocation`(
    _ format: GeneratedAudio.Format
  ) throws {
    let path = try promising(format)
    #expect(try AudioFile(path: path).frames > promised / 4)
    #expect(complaint(path).contains("is truncated: decoding stops at 3."))
    for (start, speed) in [(0.0, 1.0), (0, 1.1), (100_000, 1)] {
      #expect(
        failure { _ = try Waveform.read(path: path, start: start, sampleRate: 16_000, speed: speed) }?.message
          .contains("is truncated") == true)
    }
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().appending(path: "noise")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try FileManager.default.moveItem(atPath: path, toPath: folder.appending(path: "n.flac").path)
    let augmentation = try Augmentation(noise: folder.path, probability: 1)
    for offset in [0, 0.5, 0.999999] {
      let speech = GeneratedAudio.lively(seconds: 4)
      let told = failure { _ = try augmentation.apply(.noise(file: 0, snr: 5, offset: offset), to: speech) }
      #expect(told?.message.contains("n.flac: is truncated") == true)
    }
  }

  @Test func `A silent file can be read but not used`() throws {
    let path = try audio.write([[Float](repeating: 0, count: 16_000)])
    #expect(try Waveform.read(path: path) == [Float](repeating: 0, count: 16_000))
    #expect(complaint(path).contains("is silent"))
    let faint = try audio.write([GeneratedAudio.sine(300, seconds: 1, amplitude: 5e-4)])
    #expect(try AudioInspection.inspect(path: faint).peak > 4e-4)
  }

  @Test(arguments: [Float(0.3), -0.3, 0.999, 0.01, 0], [GeneratedAudio.Format.wav, .floatWav, .flac])
  func `a constant is silence, with the noise of a converter too, and faint sound on it is sound`(
    level: Float, format: GeneratedAudio.Format
  ) throws {
    for seconds in [1, 25.0] {
      let constant = [Float](repeating: level, count: Int(16_000 * seconds))
      #expect(try complaint(audio.write([constant], as: format)).contains("is silent"))
      let hiss = constant.indices.map { constant[$0] * 0.99 + Float($0 % 3 == 0 ? 3e-5 : 0) }
      #expect(try complaint(audio.write([hiss], as: format)).contains("is silent"))
      let sound = zip(constant, GeneratedAudio.sine(300, seconds: seconds, amplitude: 5e-4)).map { $0 * 0.99 + $1 }
      #expect(try abs(AudioInspection.inspect(path: audio.write([sound], as: format)).seconds - seconds) < 1e-9)
    }
    // The mean is that of all, not of a part.
    let step = [Float](repeating: level, count: 16_000 * 15) + [Float](repeating: level - 3e-4, count: 16_000)
    #expect(failure { _ = try AudioInspection.inspect(path: audio.write([step], as: .floatWav)) } == nil)
  }

  @Test func `A stretch beyond the end`() throws {
    let path = try audio.write([GeneratedAudio.sine(300, seconds: 2)])
    #expect(complaint(path, start: 3).contains("lasts 2.000 s, but a stretch from 3.0 s"))
    #expect(complaint(path, start: 1, seconds: 2).contains("lasts 2.000 s, but a stretch to 3.0 s"))
  }

  @Test func `A good file or stretch is described`() throws {
    let samples = GeneratedAudio.sine(250, seconds: 2, rate: 44_100, amplitude: 0.25)
    let path = try audio.write([samples, samples], rate: 44_100)
    let whole = try AudioInspection.inspect(path: path)
    #expect(whole.seconds == 2)
    #expect(whole.sampleRate == 44_100)
    #expect(whole.channels == 2)
    #expect(abs(whole.peak - 0.25) < 1e-3)
    #expect(try AudioInspection.inspect(path: path, start: 0.5, seconds: 1).seconds == 1)
    // Times in lists are rounded: a little beyond the end is the end.
    #expect(try AudioInspection.inspect(path: path, start: 1.5, seconds: 0.55).seconds == 0.5)
  }
}
