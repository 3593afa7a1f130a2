/// What a whole recording, or a stretch of it, turns out to be when every sample of it is decoded once.
package struct AudioInspection: Sendable, Equatable {
  /// Length of the stretch.
  package let seconds: Double
  package let sampleRate: Int
  package let channels: Int
  /// The largest absolute sample of the channels' mean, full scale being 1.
  package let peak: Float
  /// Samples of the stretch that hold voice (`VoiceActivity.stretches`); nil where nobody asked.
  package let voice: [Range<Int>]?

  /// Below this peak, -80 dB of full scale, a recording counts as silent: at 16 bits it moves by three steps, which is
  /// the noise of a converter with nothing connected, while the quietest usable speech peaks 30 dB higher.
  package static let silence: Float = 1e-4

  /// Decodes `seconds` from `start` (to the end where nil) and says what is there.
  ///
  /// - Parameter voice: what to look for voice by; nil does not look.
  /// - Throws: `Failure(.badData)` with the reason where the file cannot be used: missing, unreadable, empty, not audio,
  ///   truncated, samples that are not finite, silent, or shorter than the stretch.
  package static func inspect(
    path: String, start: Double = 0, seconds: Double? = nil, voice: VoiceActivity? = nil
  ) throws -> AudioInspection {
    let file = try AudioFile(path: path)
    let stretch = try Waveform.stretch(of: file, start: start, seconds: seconds)
    var peak: Float = 0
    var energies = FrameEnergies(sampleRate: file.sampleRate)
    var position = stretch.lowerBound
    while position < stretch.upperBound {
      let count = min(stretch.upperBound - position, 10 * file.sampleRate)
      let samples = try file.read(from: position, count: count)
      for sample in samples { peak = max(peak, abs(sample)) }
      if voice != nil { energies.append(samples) }
      position += count
    }
    guard peak >= silence else {
      throw AudioFile.unusable(path, "is silent: no sample reaches -80 dB of full scale")
    }
    return AudioInspection(
      seconds: Double(stretch.count) / Double(file.sampleRate), sampleRate: file.sampleRate, channels: file.channels,
      peak: peak,
      voice: voice?.stretches(energies, count: stretch.count, sampleRate: file.sampleRate))
  }
}
