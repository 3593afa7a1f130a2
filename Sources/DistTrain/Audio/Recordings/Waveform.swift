import Foundation

/// Reads stretches of recordings at the rate that the front end needs.
package enum Waveform {
  /// Reads the samples of a stretch at `sampleRate`, where full scale is ±1. They are those that resampling the whole
  /// recording would give there, wherever the stretch starts.
  ///
  /// Sample k of the resampled recording is at k / sampleRate seconds. The stretch begins at the sample nearest to
  /// `start` and has round(seconds · sampleRate) samples, or fewer where the recording ends before. Times are those of
  /// the recording as it is played.
  /// - Parameters:
  ///   - start: the beginning of the stretch in seconds.
  ///   - seconds: the length of the stretch, or nil for all that follows.
  ///   - channel: the channel, counted from 0, or nil for the mean of all channels.
  ///   - speed: the speed at which the recording is played; its pitch changes with the speed.
  /// - Throws: `Failure(.badData)` for a file that cannot be used and a stretch that starts after the end.
  package static func read(
    path: String, start: Double = 0, seconds: Double? = nil, sampleRate: Int = 16_000, channel: Int? = nil,
    speed: Double = 1
  ) throws -> [Float] {
    let file = try AudioFile(path: path)
    let stretch = try samples(of: file, start: start, seconds: seconds, sampleRate: sampleRate, speed: speed)
    return try read(file, stretch, sampleRate: sampleRate, channel: channel, speed: speed)
  }

  /// The samples of a stretch of a recording that is resampled to `sampleRate`, as `read` gives them.
  /// - Throws: `Failure(.badData)` for a stretch that starts after the end.
  package static func samples(
    of file: AudioFile, start: Double = 0, seconds: Double? = nil, sampleRate: Int, speed: Double = 1
  ) throws -> Range<Int> {
    let available = resampledCount(file.frames, from: playedRate(file, speed: speed), to: sampleRate)
    let first = samples(start, sampleRate)
    guard first < available else { throw endsBefore(file, "from \(shown(start))") }
    let wanted = seconds.map { samples($0, sampleRate) } ?? available - first
    return first..<first + min(wanted, available - first)
  }

  /// Reads the samples `stretch` of a recording that is resampled to `sampleRate`.
  package static func read(
    _ file: AudioFile, _ stretch: Range<Int>, sampleRate: Int, channel: Int? = nil, speed: Double = 1
  ) throws -> [Float] {
    var energies = ChannelEnergies()
    return try read(file, stretch, sampleRate: sampleRate, channel: channel, speed: speed, &energies)
  }

  /// Reads samples as the other `read` does and, where they are the mean of several channels, adds the energies of both
  /// to `energies`.
  static func read(
    _ file: AudioFile, _ stretch: Range<Int>, sampleRate: Int, channel: Int?, speed: Double,
    _ energies: inout ChannelEnergies
  ) throws -> [Float] {
    let rate = playedRate(file, speed: speed)
    if rate == sampleRate {
      return try file.read(from: stretch.lowerBound, count: stretch.count, channel: channel, &energies)
    }
    return try resample(file, stretch, Resampler(from: rate, to: sampleRate), channel: channel, &energies)
  }

  /// The rate of a recording at a speed: one that is played faster is one of a higher rate.
  private static func playedRate(_ file: AudioFile, speed: Double) -> Int {
    speed == 1 ? file.sampleRate : Int((Double(file.sampleRate) * speed).rounded())
  }

  /// The samples, at the file's own rate, of `seconds` from `start` on, or of all that follows where `seconds` is nil.
  /// Who reads an utterance asks for it first, because `samples` takes what is there.
  ///
  /// - Throws: `Failure(.badData)` where the recording ends more than a tenth of a second before the stretch does. Less
  ///   is accepted, because lists of segments are rounded.
  static func stretch(of file: AudioFile, start: Double, seconds: Double?) throws -> Range<Int> {
    let first = samples(start, file.sampleRate)
    guard first < file.frames else { throw endsBefore(file, "from \(shown(start))") }
    guard let seconds else { return first..<file.frames }
    let last = samples(start + seconds, file.sampleRate)
    guard last <= file.frames + file.sampleRate / 10 else {
      // Lengths of whole recordings are listed in utt2dur.
      throw endsBefore(
        file, "to \(shown(start + seconds))",
        start > 0 ? "" : ", or its length in utt2dur where there are no segments")
    }
    return first..<min(last, file.frames)
  }

  /// The samples repeated from their start until there are `count`, which stand in for an utterance that is shorter
  /// than a crop.
  package static func tiled(_ samples: [Float], count: Int) -> [Float] {
    precondition(!samples.isEmpty || count == 0, "nothing to repeat")
    guard samples.count < count else { return Array(samples.prefix(count)) }
    return [Float](unsafeUninitializedCapacity: count) { output, initialized in
      for index in 0..<count { output[index] = samples[index % samples.count] }
      initialized = count
    }
  }

  /// The samples followed by zeros until there are `count`.
  package static func padded(_ samples: [Float], count: Int) -> [Float] {
    Array(samples.prefix(count)) + [Float](repeating: 0, count: max(0, count - samples.count))
  }

  /// The number of samples in so many seconds, rounded; a time beyond every recording gives the largest number.
  static func samples(
    _ seconds: Double, _ sampleRate: Int, _ rule: FloatingPointRoundingRule = .toNearestOrAwayFromZero
  ) -> Int {
    precondition(seconds >= 0, "a time in a recording is not \(seconds) s")
    return Int(exactly: (seconds * Double(sampleRate)).rounded(rule)) ?? .max
  }

  /// - Parameter others: the other causes, besides a segment's times.
  private static func endsBefore(_ file: AudioFile, _ stretch: String, _ others: String = "") -> Failure {
    AudioFile.unusable(
      file.path,
      "lasts \(AudioFile.time(file.frames, file.sampleRate)), but a stretch \(stretch) s is asked: "
        + "correct the segment's times\(others)", cause: .endsBefore)
  }

  /// A time rounded to microseconds, which leaves out what adding two times adds.
  private static func shown(_ seconds: Double) -> Double {
    let rounded = (seconds * 1e6).rounded() / 1e6
    return rounded.isFinite ? rounded : seconds
  }

  /// The number of samples that `frames` samples become at another rate.
  static func resampledCount(_ frames: Int, from: Int, to: Int) -> Int {
    from == to ? frames : (frames * to + from / 2) / from
  }

  /// Reads the samples `stretch` of the resampled recording.
  private static func resample(
    _ file: AudioFile, _ stretch: Range<Int>, _ resampler: Resampler, channel: Int?,
    _ energies: inout ChannelEnergies
  ) throws -> [Float] {
    let input = resampler.input(for: stretch)
    // Outside the recording there is silence, as there is for a resampler that is given the whole of it.
    let inside = input.samples.clamped(to: 0..<file.frames)
    var samples = [Float](repeating: 0, count: inside.lowerBound - input.samples.lowerBound)
    samples += try file.read(from: inside.lowerBound, count: inside.count, channel: channel, &energies)
    samples += [Float](repeating: 0, count: input.samples.upperBound - inside.upperBound)
    let output = try resampler.convert(samples, outputs: stretch.upperBound - input.firstOutput)
    return Array(output[(stretch.lowerBound - input.firstOutput)...])
  }
}
