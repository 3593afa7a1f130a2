import CSndFile
import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct AudioFileTests {
  let audio: GeneratedAudio

  init() throws { audio = try GeneratedAudio() }

  @Test(arguments: GeneratedAudio.Format.allCases)
  func `A recording of each format is read with its rate, channels and length`(_ format: GeneratedAudio.Format) throws {
    guard format.isAvailable else { return }
    let channels = [GeneratedAudio.lively(seconds: 3), GeneratedAudio.lively(seconds: 3, item: 1)]
    let file = try AudioFile(path: audio.write(channels, as: format))
    #expect(file.sampleRate == 16_000)
    #expect(file.channels == 2)
    // MP3 holds whole frames only.
    #expect(format == .mp3 ? abs(file.frames - 48_000) <= 2304 : file.frames == 48_000)
    #expect(abs(file.seconds - 3) < 0.15)
    let samples = try file.read(from: 0, count: file.frames)
    if let tolerance = format.tolerance {
      let mixed = zip(channels[0], channels[1]).map { ($0 + $1) / 2 }
      #expect(largestDifference(samples, mixed) <= tolerance)
    } else {
      let power = { (x: [Float]) in x.reduce(0) { $0 + Double($1) * Double($1) } / Double(x.count) }
      let mixed = zip(channels[0], channels[1]).map { ($0 + $1) / 2 }
      #expect(abs(10 * log10(power(samples) / power(mixed))) < 1)
    }
  }

  /// Long enough for the places from which Opus and MP3 are read by a seek with pre-roll.
  @Test(arguments: GeneratedAudio.Format.allCases)
  func `A stretch holds the samples of the whole recording, in any order of reading`(
    _ format: GeneratedAudio.Format
  ) throws {
    guard format.isAvailable else { return }
    let (seconds, rate) = format == .mp3 ? (70.0, 48_000) : (25.0, 16_000)
    let path = try audio.write([GeneratedAudio.lively(seconds: seconds, rate: rate)], rate: rate, as: format)
    let whole = try AudioFile(path: path)
    let samples = try whole.read(from: 0, count: whole.frames)
    let file = try AudioFile(path: path)
    var stream = RandomStream(seed: 3, purpose: .test)
    let sequentialEnd = (format == .mp3 ? 60 : 10) * rate
    let places =
      (0..<20).map { _ in stream.below(whole.frames - 8000) } + [0, sequentialEnd, 16_001, whole.frames - 8000]
    for from in places {
      let stretch = try file.read(from: from, count: 8000)
      let difference = largestDifference(stretch, samples[from..<from + 8000])
      // Beyond, MP3 is exact but for rounding, and Opus keeps a trace of what it decoded before: see SoundDecoder.
      let tolerance: Float = from <= sequentialEnd ? 0 : format == .opus ? 5e-3 : format == .mp3 ? 1e-6 : 0
      #expect(difference <= tolerance, "from \(from)")
      #expect(try stretch == AudioFile(path: path).read(from: from, count: 8000), "from \(from), a fresh file")
    }
  }

  @Test(.timeLimit(.minutes(1))) func `A pipe is no recording and no list, and nobody waits for its writer`() throws {
    try withScratchFolder { folder in
      let path = folder + "/pipe.wav"
      #expect(mkfifo(path, 0o600) == 0)
      #expect(failure { _ = try AudioFile(path: path) }?.message.contains("is not a file") == true)
      #expect(
        failure { _ = try InputFile(path: path) }?.message == "cannot read \(path): it is a pipe, a file is expected")
    }
  }

  /// libsndfile says of DWVW that it can be sought.
  @Test(arguments: [
    Int(SF_FORMAT_WAV) | Int(SF_FORMAT_GSM610), Int(SF_FORMAT_AIFF) | Int(SF_FORMAT_DWVW_16),
    Int(SF_FORMAT_AIFF) | Int(SF_FORMAT_DWVW_24), Int(SF_FORMAT_AU) | Int(SF_FORMAT_G721_32),
    Int(SF_FORMAT_XI) | Int(SF_FORMAT_DPCM_16),
  ])
  func `A codec that cannot be sought is read from the start, in any order`(format: Int) throws {
    let path = try audio.write(
      [GeneratedAudio.lively(seconds: 5, rate: 8000)], rate: 8000, libsndfile: format, name: "unseekable")
    let whole = try AudioFile(path: path)
    let samples = try whole.read(from: 0, count: whole.frames)
    for from in [30_000, 160, 12_345, 0, 31_999] {
      #expect(try whole.read(from: from, count: 1000) == Array(samples[from..<from + 1000]))
      #expect(try AudioFile(path: path).read(from: from, count: 1000) == Array(samples[from..<from + 1000]))
    }
  }

  @Test(arguments: [GeneratedAudio.Format.wav, .flac, .mp3], [900, 1023, 1024, 1027, 3000])
  func `A path may be as long as the system allows`(_ format: GeneratedAudio.Format, bytes: Int) throws {
    guard format.isAvailable else { return }
    let sound = [GeneratedAudio.lively(seconds: 1)]
    let short = try audio.write(sound, as: format, name: "short")
    var folders = [audio.folder.path]
    // Foundation neither makes nor removes files at such paths.
    while folders.last!.utf8.count + 102 < bytes {
      folders.append(folders.last! + "/" + String(repeating: "y", count: 100))
      #expect(mkdir(folders.last!, 0o755) == 0)
    }
    let folder = folders.last!
    let path = folder + "/" + String(repeating: "a", count: bytes - folder.utf8.count - 1)
    defer {
      for made in [path, folder + "/w", folder + "/f"] { unlink(made) }
      for made in folders.dropFirst().reversed() { rmdir(made) }
    }
    #expect(link(short, path) == 0)
    let (file, same) = (try AudioFile(path: path), try AudioFile(path: short))
    #expect(file.frames == same.frames)
    #expect(try file.read(from: 5000, count: 9000) == same.read(from: 5000, count: 9000))
    #expect(try AudioInspection.inspect(path: path).seconds == same.seconds)
    let copy = folder + "/w"
    try AudioFile.write(sound[0], to: copy)
    #expect(try AudioFile(path: copy).frames == 16_000)
    let packed = try FLACFile(path: folder + "/f", sampleRate: 16_000)
    try packed.append(sound[0])
    try packed.close()
    #expect(try AudioFile(path: folder + "/f").frames == 16_000)
  }

  @Test func `A path that the system refuses is told so`() {
    let path = audio.path(String(repeating: "y", count: 300) + ".wav")
    #expect(failure { _ = try AudioFile(path: path) }?.message == "\(path): cannot be read (File name too long)")
  }

  @Test(arguments: [0, 2]) func `An MP3 stream without a table of its length is as long as what is there`(
    mode: Int32
  ) throws {
    guard GeneratedAudio.Format.mp3.isAvailable else { return }
    let path = audio.path("whole.mp3")
    var info = SF_INFO()
    (info.samplerate, info.channels, info.format) = (16_000, 1, Int32(GeneratedAudio.Format.mp3.libsndfile))
    let file = try #require(sf_open(path, Int32(SFM_WRITE), &info))
    // Constant or varying bit rate: the quiet beginning takes fewer bits than the rest.
    var mode = mode
    sf_command(file, Int32(SFC_SET_BITRATE_MODE), &mode, Int32(MemoryLayout<Int32>.size))
    let sound = GeneratedAudio.sine(200, seconds: 2, amplitude: 0.01) + GeneratedAudio.lively(seconds: 10)
    #expect(sf_write_float(file, sound, sf_count_t(sound.count)) == sound.count)
    sf_close(file)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    var frames = bytes[...]
    // Libraries differ in whether they write a table where the bit rate is constant.
    if let table = bytes.range(of: Data("Info".utf8)) ?? bytes.range(of: Data("Xing".utf8)) {
      #expect(try AudioFile(path: path).frames == sound.count)
      // The second frame begins like the first, which holds the table.
      frames = bytes[try #require(bytes.range(of: bytes.prefix(2), in: table.upperBound..<bytes.count)).lowerBound...]
    }
    let tag = Data("ID3".utf8) + Data([3, 0, 0, 0, 0, 0, 20]) + Data(count: 20)
    for (name, content) in [("bare", frames), ("tagged", tag + frames), ("twice", frames + frames)] {
      let path = audio.path("\(name).mp3")
      try Data(content).write(to: URL(fileURLWithPath: path))
      let file = try AudioFile(path: path)
      // The coder's delay and the rest of the last frame count too.
      let length = sound.count * (name == "twice" ? 2 : 1)
      #expect(file.frames >= length && file.frames < length + 8 * 576, "\(name): \(file.frames)")
      let samples = try file.read(from: 0, count: file.frames)
      let from = file.frames - 9000
      #expect(try AudioFile(path: path).read(from: from, count: 9000) == Array(samples[from...]))
      #expect(try AudioInspection.inspect(path: path).seconds == file.seconds)
    }
  }

  @Test func `One channel can be chosen, and none that is not there`() throws {
    let channels = (0..<3).map { GeneratedAudio.sine(Double(200 + 100 * $0), seconds: 0.5) }
    let path = try audio.write(channels, as: .floatWav)
    let file = try AudioFile(path: path)
    for channel in 0..<3 {
      #expect(try file.read(from: 100, count: 1000, channel: channel) == Array(channels[channel][100..<1100]))
    }
    let failure = #expect(throws: Failure.self) { try file.read(from: 0, count: 10, channel: 3) }
    #expect(failure?.kind == .badData)
    #expect(failure?.message.contains("no channel 3") == true)
  }

  @Test func `Threads can share one file`() async throws {
    let path = try audio.write([GeneratedAudio.lively(seconds: 5)], as: .vorbis)
    let file = try AudioFile(path: path)
    let samples = try file.read(from: 0, count: file.frames)
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for index in 0..<16 {
        group.addTask {
          let from = index * 4000
          return try file.read(from: from, count: 4000) == Array(samples[from..<from + 4000])
        }
      }
      for try await isEqual in group { #expect(isEqual) }
    }
  }
}
