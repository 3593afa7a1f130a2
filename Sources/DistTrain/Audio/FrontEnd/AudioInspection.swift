import Foundation

/// The properties of a recording, or of a stretch of it, found by decoding every sample once.
package struct AudioInspection: Sendable, Equatable {
  /// The length of the stretch in seconds.
  package let seconds: Double
  package let sampleRate: Int
  package let channels: Int
  /// The largest absolute sample of the channel or the channels' mean, where full scale is 1.
  package let peak: Float
  /// The stretches of voice in samples of the recording's own rate, from the beginning of the stretch
  /// (`VoiceActivity.stretches`); nil where voice was not looked for.
  package let voice: [Range<Int>]?

  /// Decodes `seconds` from `start`, or to the end where `seconds` is nil, and describes what is there.
  ///
  /// - Parameters:
  ///   - channel: the channel, counted from 0; nil takes the mean of all channels.
  ///   - voice: the rule by which to look for voice; nil does not look for it.
  /// - Throws: `Failure(.badData)` with the reason where the file cannot be used: it is missing, unreadable, empty, not
  ///   audio, truncated, several recordings in one file, silent or shorter than the stretch, has no such channel, has
  ///   samples that are not finite or far beyond full scale, or has channels that cancel each other in their mean.
  package static func inspect(
    path: String, start: Double = 0, seconds: Double? = nil, channel: Int? = nil, voice: VoiceActivity? = nil
  ) throws -> AudioInspection {
    let file = try AudioFile(path: path)
    let stretch = try Waveform.stretch(of: file, start: start, seconds: seconds)
    try file.checkNothingFollows(Double(stretch.upperBound) / Double(file.sampleRate))
    var peak: Float = 0
    var excursion = Excursion()
    var energies = FrameEnergies(sampleRate: file.sampleRate)
    var channels = ChannelEnergies()
    var position = stretch.lowerBound
    while position < stretch.upperBound {
      let count = min(stretch.upperBound - position, 10 * file.sampleRate)
      let samples = try file.read(from: position, count: count, channel: channel, &channels)
      for sample in samples { peak = max(peak, abs(sample)) }
      excursion.add(samples)
      if voice != nil { energies.append(samples) }
      position += count
    }
    if channels.cancel {
      let share = String(format: "%.1f", 100 * channels.share)
      throw AudioFile.unusable(
        path,
        "its \(file.channels) channels cancel each other: their mean has \(share) % of their energy: take one of them",
        cause: .cancellingChannels)
    }
    guard !excursion.isSilent else {
      throw AudioFile.unusable(path, "is silent: no sample is further from their mean than -80 dB of full scale")
    }
    return AudioInspection(
      seconds: Double(stretch.count) / Double(file.sampleRate), sampleRate: file.sampleRate, channels: file.channels,
      peak: peak,
      voice: voice?.stretches(energies, count: stretch.count, sampleRate: file.sampleRate))
  }
}
