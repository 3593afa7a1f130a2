import Foundation

/// Noise or reverberation laid over training crops, as wespeaker does (`dataset/processor.py`, `add_reverb_noise`).
package struct Augmentation: Sendable {
  /// What happens to one crop.
  package enum Distortion: Sendable, Equatable {
    case none
    /// A noise recording, `snr` dB below the speech. `offset` in 0 ..< 1 says where in it the stretch begins.
    case noise(file: Int, snr: Double, offset: Double)
    case room(file: Int)
  }

  /// Paths of the recordings in the folder of noises and of the impulse responses in that of rooms, sorted.
  package let noises: [String]
  package let rooms: [String]
  private let probability: Double
  private let snr: ClosedRange<Double>
  private let sampleRate: Int
  private let responses: RoomCache

  /// - Parameters:
  ///   - noise: a folder of recordings, any depth; nil for none.
  ///   - rooms: a folder of impulse responses, any depth; nil for none.
  ///   - probability: of a crop being distorted at all.
  ///   - snr: bounds of the speech-to-noise ratio in dB, which is drawn evenly.
  /// - Throws: `Failure(.usage)` that names the setting whose folder is missing or holds no audio.
  package init(
    noise: String?, rooms: String?, probability: Double = 0.6, snr: ClosedRange<Double> = 0...15,
    sampleRate: Int = 16_000
  ) throws {
    precondition((0...1).contains(probability), "a probability of \(probability)")
    noises = try noise.map { try Self.recordings(in: $0, setting: "augmentation.noise") } ?? []
    self.rooms = try rooms.map { try Self.recordings(in: $0, setting: "augmentation.rooms") } ?? []
    self.probability = probability
    self.snr = snr
    self.sampleRate = sampleRate
    responses = RoomCache(sampleRate: sampleRate)
  }

  /// The crop with what the stream draws laid over it: as many samples, none beyond ±1 unless the crop's own were.
  ///
  /// - Throws: `Failure(.badData)` where a noise or room cannot be read.
  package func apply(to samples: [Float], stream: inout RandomStream) throws -> [Float] {
    try apply(draw(&stream), to: samples)
  }

  /// Noise or room, evenly where both are there, then which.
  package func draw(_ stream: inout RandomStream) -> Distortion {
    guard !(noises.isEmpty && rooms.isEmpty), stream.uniform() < probability else { return .none }
    let isRoom = noises.isEmpty || (!rooms.isEmpty && stream.uniform() < 0.5)
    if isRoom { return .room(file: stream.below(rooms.count)) }
    return .noise(
      file: stream.below(noises.count), snr: stream.uniform(snr.lowerBound, snr.upperBound), offset: stream.uniform())
  }

  package func apply(_ distortion: Distortion, to samples: [Float]) throws -> [Float] {
    guard !samples.isEmpty else { return samples }
    switch distortion {
    case .none: return samples
    case .noise(let file, let snr, let offset):
      let noise = try noise(noises[file], offset: offset, count: samples.count)
      return Self.withinFullScale(Self.mix(samples, noise, snr: snr), of: samples)
    case .room(let file):
      return Self.withinFullScale(try responses.room(at: rooms[file]).reverberate(samples), of: samples)
    }
  }

  /// `count` samples of a noise: a stretch of it, or where it is shorter, all of it over and over.
  private func noise(_ path: String, offset: Double, count: Int) throws -> [Float] {
    let file = try AudioFile(path: path)
    let available = Waveform.resampledCount(file.frames, from: file.sampleRate, to: sampleRate)
    if available >= count {
      let first = Int(offset * Double(available - count + 1))
      return try Waveform.read(file, first..<first + count, sampleRate: sampleRate)
    }
    let whole = try Waveform.read(file, 0..<available, sampleRate: sampleRate)
    let first = Int(offset * Double(available))
    return Waveform.tiled(Array(whole[first...] + whole[..<first]), count: count)
  }

  /// Speech plus noise, the noise scaled so that the ratio of their mean powers is `snr` dB. Silence has no ratio to
  /// anything: where either is silent, the speech is returned as it is.
  package static func mix(_ speech: [Float], _ noise: [Float], snr: Double) -> [Float] {
    precondition(speech.count == noise.count, "\(noise.count) samples of noise for \(speech.count) of speech")
    let powers = (power(speech), power(noise))
    guard powers.0 > 0, powers.1 > 0 else { return speech }
    let gain = Float((powers.0 / powers.1 * pow(10, -snr / 10)).squareRoot())
    return zip(speech, noise).map { $0 + gain * $1 }
  }

  private static func power(_ samples: [Float]) -> Double {
    samples.reduce(0) { $0 + Double($1) * Double($1) } / Double(samples.count)
  }

  /// Scaled down as a whole where it would clip, and the original did not.
  private static func withinFullScale(_ samples: [Float], of original: [Float]) -> [Float] {
    let peak = samples.reduce(0) { max($0, abs($1)) }
    let bound = original.reduce(1) { max($0, abs($1)) }
    return peak > bound ? samples.map { $0 * (bound / peak) } : samples
  }

  /// Extensions of the recordings that libsndfile reads.
  private static let extensions: Set<String> = [
    "wav", "flac", "ogg", "oga", "opus", "mp3", "aif", "aiff", "au", "caf", "w64", "rf64", "sph",
  ]

  /// The recordings under a folder, in the order of their paths' bytes.
  private static func recordings(in folder: String, setting: String) throws(Failure) -> [String] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
      throw Failure(.usage, "\(setting): \(folder) is not a folder: give one of recordings, or leave the setting out")
    }
    let root = URL(fileURLWithPath: folder).resolvingSymlinksInPath().path
    let names = (FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []).filter { name in
      !name.split(separator: "/").contains { $0.hasPrefix(".") }
        && extensions.contains(URL(fileURLWithPath: name).pathExtension.lowercased())
    }
    guard !names.isEmpty else {
      throw Failure(
        .usage,
        "\(setting): no recording (WAV, FLAC, Ogg, MP3) under \(folder): give another folder, or leave the setting out")
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { "\(root)/\($0)" }
  }
}
