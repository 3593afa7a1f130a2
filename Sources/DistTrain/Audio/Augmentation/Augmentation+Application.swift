import Foundation

extension Augmentation {
  /// The crop as it is heard after interference, then the channel, then a change of volume. It has as many samples as
  /// before, none beyond ±1 unless some of the crop's own were. The speed is applied in reading, and masks are applied
  /// to the features.
  ///
  /// - Parameter substitution: finds recordings in place of those that cannot be read.
  /// - Returns: the samples, and the distortion with the recordings that were laid over them.
  /// - Throws: `Failure(.badData)` that names the setting where none of its recordings can be read, `Failure(.failed)`
  ///   where a codec fails.
  package func apply(
    _ distortion: Distortion, to samples: [Float], _ substitution: inout Substitution
  ) throws -> (samples: [Float], distortion: Distortion) {
    var heard = distortion
    var result: [Float]
    (result, heard.interference) = try apply(distortion.interference, to: samples, &substitution)
    if let codec = distortion.codec { result = try codec.transmit(result, sampleRate: sampleRate) }
    return (VolumeRange.amplified(result, decibels: distortion.gain), heard)
  }

  /// The crop with interference laid over it, as many samples as before.
  private func apply(
    _ interference: Interference, to samples: [Float], _ substitution: inout Substitution
  ) throws -> (samples: [Float], interference: Interference) {
    guard !samples.isEmpty else { return (samples, interference) }
    let mixed: [Float]
    let heard: Interference
    switch interference {
    case .none: return (samples, interference)
    case .noise(let file, let snr, let offset):
      let (other, noise) = try substitution.read(.noise, file) {
        try stretch(of: $0, offset: offset, count: samples.count)
      }
      (mixed, heard) = (Self.mix(samples, noise, snr: snr), .noise(file: other, snr: snr, offset: offset))
    case .music(let file, let snr, let offset):
      let (other, noise) = try substitution.read(.music, file) {
        try stretch(of: $0, offset: offset, count: samples.count)
      }
      (mixed, heard) = (Self.mix(samples, noise, snr: snr), .music(file: other, snr: snr, offset: offset))
    case .babble(let voices, let snr):
      let (babble, others) = try sum(of: voices, count: samples.count, &substitution)
      (mixed, heard) = (Self.mix(samples, babble, snr: snr), .babble(voices: others, snr: snr))
    case .room(let file):
      let (other, room) = try substitution.read(.rooms, file) { try responses.room(at: $0) }
      (mixed, heard) = (room.reverberate(samples), .room(file: other))
    }
    return (Self.withinFullScale(mixed, of: samples), heard)
  }

  /// Reads `count` samples of a recording, or of the part of it that `start` and `seconds` give: a stretch of it, or,
  /// where it is shorter, all of it over and over.
  /// - Parameter channel: the channel, counted from 0; nil takes the mean of all channels.
  /// - Throws: `Failure(.badData)` also where the recording is silent, or its channels cancel each other, as a whole.
  private func stretch(
    of path: String, start: Double = 0, seconds: Double? = nil, channel: Int? = nil, offset: Double, count: Int
  ) throws -> [Float] {
    let file = try AudioFile(path: path)
    let total = max(1, Waveform.resampledCount(file.frames, from: file.sampleRate, to: sampleRate))
    let origin = min(Waveform.samples(start, sampleRate, .down), total - 1)
    let available = min(seconds.map { max(1, Waveform.samples($0, sampleRate, .down)) } ?? total, total - origin)
    func read(_ range: Range<Int>) throws -> [Float] {
      var energies = ChannelEnergies()
      let samples = try Waveform.read(
        file, range, sampleRate: sampleRate, channel: channel, speed: 1, &energies)
      // A pause is no reason to give up a recording, but one that is silent as a whole adds nothing.
      if energies.cancel || Excursion(samples).isSilent {
        _ = try AudioInspection.inspect(path: path, start: start, seconds: seconds, channel: channel)
      }
      return samples
    }
    if available >= count {
      let first = origin + Int(offset * Double(available - count + 1))
      return try read(first..<first + count)
    }
    let whole = try read(origin..<origin + available)
    let first = Int(offset * Double(available))
    return Waveform.tiled(Array(whole[first...] + whole[..<first]), count: count)
  }

  /// The sum of the voices after each was brought to equal power, and the voices themselves.
  private func sum(
    of voices: [BabbleVoice], count: Int, _ substitution: inout Substitution
  ) throws -> (sum: [Float], voices: [BabbleVoice]) {
    var sum = [Float](repeating: 0, count: count)
    var heard: [BabbleVoice] = []
    for voice in voices {
      let (other, samples) = try read(voice, count: count, &substitution)
      heard.append(other)
      guard let samples else { continue }
      let power = Self.power(samples)
      let scale = Float(1 / power.squareRoot())
      guard scale.isFinite else { continue }
      for index in 0..<count { sum[index] += scale * samples[index] }
    }
    return (sum, heard)
  }

  /// The samples of a voice, or of the one that takes its place; nil for one of the corpus that cannot be read.
  private func read(
    _ voice: BabbleVoice, count: Int, _ substitution: inout Substitution
  ) throws -> (voice: BabbleVoice, samples: [Float]?) {
    guard let file = voice.file else {
      let samples = try? stretch(
        of: voice.path, start: voice.start, seconds: voice.seconds, channel: voice.channel, offset: voice.offset,
        count: count)
      return (voice, samples)
    }
    let (other, samples) = try substitution.read(.speech, file) {
      try stretch(of: $0, offset: voice.offset, count: count)
    }
    return (BabbleVoice(path: lists[.speech][other], offset: voice.offset, file: other), samples)
  }

  /// Adds noise to speech, scaled so that the ratio of their mean powers is `snr` dB. Where either is silent, or so
  /// faint that no float scales it, there is no ratio, and the speech is returned as it is.
  package static func mix(_ speech: [Float], _ noise: [Float], snr: Double) -> [Float] {
    precondition(speech.count == noise.count, "\(noise.count) samples of noise for \(speech.count) of speech")
    let powers = (power(speech), power(noise))
    guard powers.0 > 0, powers.1 > 0 else { return speech }
    let gain = Float((powers.0 / powers.1 * pow(10, -snr / 10)).squareRoot())
    guard gain.isFinite else { return speech }
    return zip(speech, noise).map { $0 + gain * $1 }
  }

  private static func power(_ samples: [Float]) -> Double {
    samples.reduce(0) { $0 + Double($1) * Double($1) } / Double(samples.count)
  }

  /// The samples, all scaled down by one factor where they would clip and the original did not.
  private static func withinFullScale(_ samples: [Float], of original: [Float]) -> [Float] {
    let peak = samples.reduce(0) { max($0, abs($1)) }
    let bound = original.reduce(1) { max($0, abs($1)) }
    return peak > bound ? samples.map { $0 * (bound / peak) } : samples
  }
}
