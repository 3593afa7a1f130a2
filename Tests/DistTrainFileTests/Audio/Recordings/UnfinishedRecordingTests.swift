import CSndFile
import DistTrain
import Foundation
import TestTools
import Testing

/// Files that hold less or more than their headers say, of which decoders say nothing.
@Suite struct UnfinishedRecordingTests {
  let audio: GeneratedAudio

  init() throws { audio = try GeneratedAudio() }

  /// The formats that state how many bytes of samples they have.
  enum Container: String, CaseIterable, CustomTestStringConvertible {
    case wav, rifx, rf64, w64, aiff, aifc, caf, au, littleAU, sphere, voc

    var testDescription: String { rawValue }
    var libsndfile: Int {
      let format =
        switch self {
        case .wav: SF_FORMAT_WAV
        case .rifx: SF_FORMAT_WAV | Int(SF_ENDIAN_BIG)
        case .rf64: SF_FORMAT_RF64
        case .w64: SF_FORMAT_W64
        case .aiff: SF_FORMAT_AIFF
        case .aifc: SF_FORMAT_AIFF | Int(SF_ENDIAN_LITTLE)
        case .caf: SF_FORMAT_CAF
        case .au: SF_FORMAT_AU
        case .littleAU: SF_FORMAT_AU | Int(SF_ENDIAN_LITTLE)
        case .sphere: SF_FORMAT_NIST
        case .voc: SF_FORMAT_VOC
        }
      return Int(format) | Int(SF_FORMAT_PCM_16)
    }
  }

  private func bytes(_ container: Container, seconds: Double = 1) throws -> Data {
    let path = try audio.write(
      [GeneratedAudio.lively(seconds: seconds)], libsndfile: container.libsndfile, name: "whole.\(container)")
    return try Data(contentsOf: URL(fileURLWithPath: path))
  }

  private func bytes(_ format: GeneratedAudio.Format, seconds: Double = 3) throws -> Data {
    let path = try audio.write(
      [GeneratedAudio.lively(seconds: seconds)], libsndfile: format.libsndfile, bitRateMode: format == .mp3 ? 2 : nil,
      name: "whole.\(format.rawValue)")
    return try Data(contentsOf: URL(fileURLWithPath: path))
  }

  private func write(_ bytes: Data, _ name: String) throws -> String {
    try bytes.write(to: URL(fileURLWithPath: audio.path(name)))
    return audio.path(name)
  }

  /// The message of the failure that inspecting a file of these bytes ends in.
  private func complaint(_ bytes: Data) throws -> String {
    let path = try write(bytes, "inspected")
    let failure = failure { _ = try AudioInspection.inspect(path: path) }
    #expect(
      failure.map { $0.kind == .badData && $0.message.hasPrefix(path + ": ") && !$0.message.contains("\n") } == true)
    return failure?.message ?? ""
  }

  private func seconds(_ bytes: Data) throws -> Double {
    try AudioInspection.inspect(path: write(bytes, "inspected")).seconds
  }

  /// The bytes with others in the place of those that follow a name.
  private func patched(_ bytes: Data, behind name: String, by offset: Int = 0, _ new: [UInt8]) throws -> Data {
    var bytes = bytes
    let place = try #require(bytes.range(of: Data(name.utf8))).upperBound + offset
    bytes.replaceSubrange(place..<place + new.count, with: new)
    return bytes
  }

  @Test(arguments: Container.allCases, [0.5, 0.9])
  func `a part of a file is no recording, whatever the container`(_ container: Container, share: Double) throws {
    let whole = try bytes(container)
    #expect(try seconds(whole) == 1)
    #expect(try complaint(whole.prefix(Int(share * Double(whole.count)))).contains("is truncated: its header promises"))
  }

  @Test(arguments: Container.allCases) func `files one after the other are named, whatever the container`(
    _ container: Container
  ) throws {
    let one = try bytes(container)
    for other in [one, try bytes(container, seconds: 0.25), try bytes(.flac)] {
      #expect(try complaint(one + other).contains("is several files one after the other"))
    }
  }

  @Test(arguments: [GeneratedAudio.Format.flac, .vorbis, .opus, .mp3])
  func `streams one after the other are named by whoever reads all of them`(_ format: GeneratedAudio.Format) throws {
    guard format.isAvailable else { return }
    let one = try bytes(format)
    for other in [one, try bytes(format, seconds: 2)] {
      #expect(try complaint(one + other).contains("is several files one after the other"))
      // A crop comes from the first of them.
      #expect(try !Waveform.read(path: write(one + other, "two.\(format.rawValue)"), seconds: 1).isEmpty)
    }
  }

  @Test func `headers that promise too little are named`() throws {
    let wave = try bytes(Container.wav)
    for header: [UInt8] in [[0, 0, 0, 0], [100, 0, 0, 0], [0, 0x10, 0, 0]] {
      #expect(try complaint(patched(wave, behind: "data", header)).contains("holds more audio than its header says"))
    }
    let others: [(Container, String, Int, [UInt8])] = [
      (.aiff, "SSND", 0, [0, 0, 1, 0]), (.au, ".snd", 4, [0, 0, 0, 0]), (.au, ".snd", 4, [0, 0, 1, 0]),
      (.caf, "data", 0, [0, 0, 0, 0, 0, 0, 1, 0]), (.rifx, "data", 0, [0, 0, 1, 0]),
      (.rf64, "ds64", 12, [0, 1, 0, 0, 0, 0, 0, 0]),
    ]
    for (container, name, offset, header) in others {
      let told = try complaint(patched(bytes(container), behind: name, by: offset, header))
      #expect(told.contains("holds more audio than its header says"), "\(container): \(told)")
    }
    // 16,000 of 48,000 samples.
    let flac = try patched(bytes(.flac), behind: "fLaC", by: 18, [0, 0, 0x3E, 0x80])
    #expect(try complaint(flac).contains("it has 48000 samples of each channel, where its header promises 16000"))
    guard GeneratedAudio.Format.mp3.isAvailable else { return }
    let stream = try bytes(.mp3, seconds: 6)
    let table = try #require(stream.range(of: Data("Xing".utf8)) ?? stream.range(of: Data("Info".utf8)))
    let short = try patched(stream, behind: String(decoding: stream[table], as: UTF8.self), by: 4, [0, 0, 0, 20])
    #expect(try complaint(short).contains("more than a second follows the 20 frames that it promises"))
  }

  @Test func `samples in several chunks are named`() throws {
    for (container, name, bigEndian) in [(Container.wav, "data", false), (.rifx, "data", true), (.aiff, "SSND", true)] {
      let whole = try bytes(container)
      let count = withUnsafeBytes(of: bigEndian ? UInt32(400).bigEndian : UInt32(400).littleEndian) { Data($0) }
      let chunk = Data(name.utf8) + count + Data(count: 400)
      let note = Data("note".utf8) + count + Data(count: 400)
      for between in [Data(), note] {
        #expect(try complaint(whole + between + chunk).contains("holds its samples in several chunks"), "\(container)")
      }
      #expect(try seconds(whole + note) == 1)
    }
  }

  @Test func `parts behind the samples are named where decoders hear them`() throws {
    let wave64 = try bytes(.w64)
    let name = Data("levl".utf8) + Data(repeating: 0xA5, count: 12)
    let level = name + withUnsafeBytes(of: UInt64(424).littleEndian) { Data($0) } + Data(repeating: 1, count: 400)
    #expect(try complaint(wave64 + level).contains("holds more parts behind its samples"))
    let voice = try bytes(.voc)
    let count = Int(voice[27]) | Int(voice[28]) << 8 | Int(voice[29]) << 16
    for kind: UInt8 in [1, 2, 3, 5, 9] {
      let block = Data([kind, 0, 2, 0]) + Data(repeating: 7, count: 512)
      let several = voice[..<(30 + count)] + block + voice[(30 + count)...]
      #expect(try complaint(Data(several)).contains("holds more parts behind its samples"), "\(kind)")
    }
    #expect(try seconds(wave64) == 1 && seconds(voice) == 1)
  }

  @Test func `what programs leave behind the samples is no audio`() throws {
    let wave = try bytes(Container.wav)
    let list = Data("LIST".utf8) + Data([0, 16, 0, 0])
    let tails: [Data] = [
      list + Data(count: 4096), list + Data("INFOISFT".utf8), Data("TAG".utf8) + Data(repeating: 65, count: 125),
      Data("ID3".utf8) + Data(repeating: 3, count: 4000), Data(count: 40_000), Data(repeating: 7, count: 20),
      list + Data(count: 4096) + Data("iXML".utf8) + Data([6, 0, 0, 0]) + Data("<a></>".utf8),
    ]
    for tail in tails { #expect(try seconds(wave + tail) == 1) }
    #expect(try seconds(bytes(.aiff) + Data("ANNO".utf8) + Data([0, 0, 8, 0]) + Data(repeating: 65, count: 2048)) == 1)
    let tag = Data("TAG".utf8) + Data(repeating: 65, count: 125)
    #expect(try seconds(bytes(.flac) + tag) == 3)
    guard GeneratedAudio.Format.mp3.isAvailable else { return }
    #expect(try abs(seconds(bytes(.mp3) + tag) - 3) < 0.2)
  }

  @Test func `a chunk may follow an odd number of bytes with or without another`() throws {
    let samples = GeneratedAudio.lively(seconds: 1).dropLast()
    let format = Int(SF_FORMAT_WAV) | Int(SF_FORMAT_PCM_U8)
    let path = try audio.write([Array(samples)], libsndfile: format, name: "odd.wav")
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    let data = try #require(bytes.range(of: Data("data".utf8))).upperBound + 4
    bytes = bytes.prefix(data + samples.count)
    let list = Data("LIST".utf8) + Data([0, 16, 0, 0]) + Data(repeating: 65, count: 4096)
    for padding in [0, 1] { #expect(try seconds(bytes + Data(count: padding) + list) == 15_999.0 / 16_000) }
  }

  @Test func `lengths that writers to pipes leave are read to the end`() throws {
    let wave = try bytes(Container.wav)
    for header: [UInt8] in [[0xFF, 0xFF, 0xFF, 0xFF], [0, 0xF0, 0xFF, 0x7F], [0, 0, 0, 0x80]] {
      #expect(try seconds(patched(wave, behind: "data", header)) == 1)
    }
    // A file that was never closed says that it is empty, which libsndfile mends.
    let unclosed = try patched(patched(wave, behind: "data", [0, 0, 0, 0]), behind: "RIFF", [8, 0, 0, 0])
    #expect(try seconds(unclosed) == 1)
    #expect(try seconds(patched(bytes(.au), behind: ".snd", by: 4, [0xFF, 0xFF, 0xFF, 0xFF])) == 1)
    #expect(try seconds(patched(bytes(.au), behind: ".snd", by: 4, [0x7F, 0xFF, 0xF0, 0])) == 1)
    #expect(try seconds(patched(bytes(.aiff), behind: "SSND", [0x7F, 0, 0, 8])) == 1)
    #expect(try seconds(patched(bytes(.aiff), behind: "SSND", [0x7F, 0xFF, 0xFF, 0xF0])) == 1)
    // The number of AIFF's frames says nothing that SSND does not.
    #expect(try seconds(patched(bytes(.aiff), behind: "COMM", by: 6, [0xFF, 0xFF, 0xFF, 0xF0])) == 1)
    #expect(try seconds(patched(bytes(.w64), behind: "data", by: 12, [0, 0, 0, 0, 0, 0, 0, 0x40])) == 1)
    // A true length of 2.5 GB is missed.
    #expect(try complaint(patched(wave, behind: "data", [0, 0, 0, 0x95])).contains("is truncated"))
  }

  @Test(arguments: [Container.au, .littleAU], [UInt32(0x7FFF_FFF0), 0x8000_0000, 0xFFFF_FFFE])
  func `an AU length of which libsndfile reads no samples is not taken for an unknown one`(
    _ container: Container, length: UInt32
  ) throws {
    let bytes = try bytes(container)
    let header = (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * $0)) }
    let new = container == .au ? header : header.reversed()
    let told = try complaint(patched(bytes, behind: container == .au ? ".snd" : "dns.", by: 4, new))
    #expect(told.contains("is truncated: its header promises"), "\(told)")
    #expect(told.contains("32000 are there"), "\(told)")
  }

  @Test func `SPHERE's samples may be counted over all channels`() throws {
    let sound = GeneratedAudio.lively(seconds: 1)
    let path = try audio.write([sound, sound], libsndfile: Container.sphere.libsndfile, name: "two.sph")
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    let total = try patched(bytes, behind: "sample_count -i ", Array("32000".utf8))
    #expect(try seconds(total) == 1)
    #expect(try complaint(bytes.prefix(40_000)).contains("is truncated"))
  }

  @Test(arguments: ["9223372036854775807", "-9223372036854775808", "-1", "99999999999999999999", "1e9", ""])
  func `numbers without sense in a SPHERE header end in a line`(_ number: String) throws {
    let whole = try bytes(Container.sphere)
    let header = String(decoding: whole.prefix(1024), as: UTF8.self)
    for field in ["   1024", "sample_count -i 16000", "channel_count -i 1", "sample_n_bytes -i 2"] {
      let words = field.split(separator: " ").dropLast() + [number[...]]
      let mended = header.replacingOccurrences(of: field, with: words.joined(separator: " "))
      #expect(mended != header, "\(field) in \(header)")
      let odd = Data(mended.utf8.prefix(1024)) + Data(count: max(0, 1024 - mended.utf8.count)) + whole.dropFirst(1024)
      let path = try write(odd, "odd.sph")
      let failure = failure { _ = try AudioInspection.inspect(path: path) }
      #expect(failure.map { $0.kind == .badData && !$0.message.contains("\n") } ?? true)
    }
  }
}
