import CSndFile

/// A recording on disk, or within a shard (`ShardMember`), in any format that libsndfile reads: WAV, FLAC, Ogg Vorbis
/// and Opus, and MP3 where the library has it.
package struct AudioFile: Sendable {
  package let path: String
  /// The sampling rate in Hz.
  package let sampleRate: Int
  package let channels: Int
  /// The number of samples of each channel.
  package let frames: Int
  private let decoder: SoundDecoder
  /// The place of the recording within a shard, or nil for a file of its own.
  private let member: ShardMember?

  /// The accepted sampling rates in Hz, from the lowest at which speech can be told from noise to beyond what
  /// converters reach.
  private static let rates = 1000...1_000_000

  /// The longest accepted recording in seconds, some eleven days. The number of its samples fits into an Int even when
  /// it is multiplied by any of the rates.
  package static let longest = 1_000_000.0

  /// The largest absolute sample that a recording can have, where full scale is 1: 40 dB beyond what 16 bits hold, more
  /// than any mixing of sounds needs. Features of much larger samples are no numbers.
  package static let loudest: Float = 100

  /// The length of the recording in seconds.
  package var seconds: Double { Double(frames) / Double(sampleRate) }

  /// Opens a recording and reads its header.
  ///
  /// - Throws: `Failure(.badData)` for a file that is missing, unreadable, empty, not audio, cut short, without
  ///   samples, longer than `longest`, or of a rate outside 1000 ... 1,000,000 Hz.
  package init(path: String) throws {
    let member = try ShardMember.open(path)
    decoder = try Self.within(member) { try Self.decoder(path, member) }
    self.path = path
    self.member = member
    sampleRate = decoder.sampleRate
    channels = decoder.channels
    frames = decoder.frames
  }

  private static func decoder(_ path: String, _ member: ShardMember?) throws -> SoundDecoder {
    try AudioContainer.check(RecordingBytes(path: path, member: member))
    let decoder = try SoundDecoder(path: path, member: member)
    guard rates.contains(decoder.sampleRate) else {
      throw unusable(path, "is of \(decoder.sampleRate) Hz by its header, no rate of speech: convert it again")
    }
    guard decoder.frames > 0 else { throw unusable(path, "holds no samples: record or convert it again") }
    let seconds = Double(decoder.frames) / Double(decoder.sampleRate)
    guard seconds <= longest else {
      throw unusable(
        path, "lasts \(seconds) s by its header, more than \(Int(longest)) s: convert it again, or divide it")
    }
    return decoder
  }

  /// Runs `read` and, where that fails because the shard has lost the recording meanwhile, reports this instead of the
  /// decoder's error.
  private static func within<Result>(_ member: ShardMember?, _ read: () throws -> Result) throws -> Result {
    do {
      return try read()
    } catch {
      try member?.checkPresence()
      throw error
    }
  }

  /// Checks that the file holds nothing behind what is read, where a stretch of it ends with the recording. All of its
  /// bytes are looked at: that is for those who read a recording once, or remember that it passed.
  /// - Parameters:
  ///   - end: the end of the stretch in seconds.
  ///   - known: the recordings that passed before; nil looks at this one in any case.
  /// - Throws: `Failure(.badData)` for an Ogg, FLAC or MP3 file of several streams, or with more audio than its header
  ///   says.
  package func checkNothingFollows(_ end: Double, known: WholeRecordings? = nil) throws {
    guard end > seconds - 0.1 else { return }
    func check() throws {
      try Self.within(member) {
        try AudioContainer.checkWhole(
          RecordingBytes(path: path, member: member, window: 1 << 16), isMPEG: decoder.isMPEG)
      }
    }
    if let known { try known.check(path, check) } else { try check() }
  }

  /// Reads the samples `from ..< from + count` at the file's own rate, where full scale is ±1.
  ///
  /// Long recordings are not decoded as a whole; `SoundDecoder` says what that means for each format.
  /// - Parameter channel: the channel to read, counted from 0; nil reads the mean of all channels.
  /// - Throws: `Failure(.badData)` where there is no such channel, decoding stops early, or samples are not finite or
  ///   beyond `loudest`.
  package func read(from: Int, count: Int, channel: Int? = nil) throws -> [Float] {
    var energies = ChannelEnergies()
    return try read(from: from, count: count, channel: channel, &energies)
  }

  /// Reads samples as the other `read` does and, where they are the mean of several channels, adds the energies of both
  /// to `energies`.
  func read(from: Int, count: Int, channel: Int?, _ energies: inout ChannelEnergies) throws -> [Float] {
    var samples: [Float] = []
    try read(from: from, count: count, channel: channel) { part, interleaved in
      if channel == nil, channels > 1 { energies.add(interleaved, channels: channels, mean: part) }
      if samples.isEmpty { samples = part } else { samples += part }
    }
    return samples
  }

  /// Reads all channels as `read` does, interleaved.
  func interleaved(from: Int, count: Int) throws -> [Float] {
    var samples: [Float] = []
    try read(from: from, count: count, channel: nil) { _, interleaved in samples += interleaved }
    return samples
  }

  private func read(
    from: Int, count: Int, channel: Int?, _ take: (_ samples: [Float], _ interleaved: [Float]) -> Void
  ) throws {
    precondition(from >= 0 && count >= 0 && from + count <= frames, "samples \(from) + \(count) of \(frames)")
    if let channel, !(0..<channels).contains(channel) {
      throw Self.unusable(path, "has \(channels) channel(s) (counted from 0): there is no channel \(channel)")
    }
    guard count > 0 else { return }
    var position = from
    try Self.within(member) {
      try decoder.read(from: from, count: count) { (interleaved) throws(Failure) in
        let samples = channels == 1 ? interleaved : Self.select(channel, of: interleaved, channels: channels)
        // The mean of channels is no larger than the largest of them.
        if channel == nil {
          try check(interleaved, at: position, step: channels)
        } else {
          try check(samples, at: position)
        }
        take(samples, interleaved)
        position += samples.count
      }
    }
  }

  /// Checks that samples are those of a recording.
  /// - Parameters:
  ///   - first: the place of the first sample in the recording.
  ///   - step: the number of samples at each place.
  private func check(_ samples: [Float], at first: Int, step: Int = 1) throws(Failure) {
    // A comparison with what is no number is false.
    guard let index = samples.firstIndex(where: { !(abs($0) <= Self.loudest) }) else { return }
    let frame = first + index / step
    let place = "sample \(frame) (at \(Self.time(frame, sampleRate)))"
    guard samples[index].isFinite else {
      throw Self.unusable(path, "\(place) is \(samples[index]): convert the recording again")
    }
    throw Self.unusable(
      path,
      "\(place) is far beyond full scale (\(samples[index]), where 1 is full): convert the recording again; one whose "
        + "floats are those of 16 bits has to be divided by 32768")
  }

  /// Takes one channel, or the mean of all, from interleaved samples.
  private static func select(_ channel: Int?, of interleaved: [Float], channels: Int) -> [Float] {
    let scale = 1 / Float(channels)
    return [Float](unsafeUninitializedCapacity: interleaved.count / channels) { output, count in
      count = interleaved.count / channels
      for frame in 0..<count {
        let first = frame * channels
        if let channel {
          output[frame] = interleaved[first + channel]
        } else {
          output[frame] = interleaved[first..<first + channels].reduce(0, +) * scale
        }
      }
    }
  }

  /// An error that names the recording and what is wrong with it.
  static func unusable(_ path: String, _ what: String, cause: RecordingFault? = nil) -> Failure {
    var failure = Failure(.badData, "\(path): \(what)")
    failure.cause = cause
    return failure
  }

  /// The time of a sample in seconds, with three decimals and the unit.
  static func time(_ frame: Int, _ sampleRate: Int) -> String {
    let milliseconds = (frame * 1000 + sampleRate / 2) / sampleRate
    let fraction = String(milliseconds % 1000)
    return "\(milliseconds / 1000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction) s"
  }
}

/// The fault of a recording where those who meet it say what helps there: the cause of a `Failure`.
package enum RecordingFault: Error {
  /// The file is of no format that libsndfile reads.
  case noAudio
  /// A stretch of the recording is asked for that lies behind its end.
  case endsBefore
  /// The mean of the channels keeps next to nothing of them.
  case cancellingChannels
}
