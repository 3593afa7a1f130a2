import CSndFile
import DistTrain
package import Foundation
import Testing

/// A folder of recordings made by a test, removed with the last reference to it.
package final class GeneratedAudio {
  package let folder: URL

  package init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("svdist-audio-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  package func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  package enum Format: String, CaseIterable, CustomTestStringConvertible {
    case wav, floatWav, flac, vorbis, opus, mp3

    package var testDescription: String { rawValue }
    package var libsndfile: Int {
      switch self {
      case .wav: Int(SF_FORMAT_WAV) | Int(SF_FORMAT_PCM_16)
      case .floatWav: Int(SF_FORMAT_WAV) | Int(SF_FORMAT_FLOAT)
      case .flac: Int(SF_FORMAT_FLAC) | Int(SF_FORMAT_PCM_16)
      case .vorbis: Int(SF_FORMAT_OGG) | Int(SF_FORMAT_VORBIS)
      case .opus: Int(SF_FORMAT_OGG) | Int(SF_FORMAT_OPUS)
      case .mp3: Int(SF_FORMAT_MPEG) | Int(SF_FORMAT_MPEG_LAYER_III)
      }
    }
    /// The largest error of a sample that the format's coding makes of the signals of these tests; nil: no bound.
    package var tolerance: Float? {
      switch self {
      case .wav, .flac: 1 / 32768
      case .floatWav: 0
      case .vorbis, .opus, .mp3: nil
      }
    }
    /// Whether the installed libsndfile writes it: MP3 came with 1.1.
    package var isAvailable: Bool {
      var info = SF_INFO()
      info.samplerate = 16_000
      info.channels = 1
      info.format = Int32(libsndfile)
      return sf_format_check(&info) != 0
    }
  }

  /// Writes channels of equal length; returns the path.
  @discardableResult
  package func write(_ channels: [[Float]], rate: Int = 16_000, as format: Format = .wav, name: String? = nil) throws
    -> String
  {
    try write(
      channels, rate: rate, libsndfile: format.libsndfile, name: name ?? "\(UUID().uuidString).\(format.rawValue)")
  }

  /// Writes channels of equal length in a format of libsndfile's; returns the path.
  /// - Parameter bitRateMode: libsndfile's number for a constant (0) or varying (2) bit rate of MP3.
  package func write(
    _ channels: [[Float]], rate: Int = 16_000, libsndfile format: Int, bitRateMode: Int32? = nil, name: String
  ) throws -> String {
    let path = path(name)
    try FileManager.default.createDirectory(
      at: URL(fileURLWithPath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
    var info = SF_INFO()
    info.samplerate = Int32(rate)
    info.channels = Int32(channels.count)
    info.format = Int32(format)
    guard let file = sf_open(path, Int32(SFM_WRITE), &info) else {
      throw Failure(.failed, "\(path): \(String(cString: sf_strerror(nil)))")
    }
    defer { sf_close(file) }
    sf_command(file, Int32(SFC_SET_CLIPPING), nil, 1)
    if var mode = bitRateMode { sf_command(file, Int32(SFC_SET_BITRATE_MODE), &mode, Int32(MemoryLayout<Int32>.size)) }
    var interleaved: [Float] = []
    for index in channels[0].indices { interleaved += channels.map { $0[index] } }
    // In parts: libsndfile 1.2's Vorbis encoder overflows its stack on long writes.
    for first in stride(from: 0, to: channels[0].count, by: 4096) {
      let count = min(4096, channels[0].count - first)
      let written = interleaved.withUnsafeBufferPointer {
        sf_writef_float(file, $0.baseAddress! + first * channels.count, sf_count_t(count))
      }
      guard written == count else { throw Failure(.failed, "\(path): \(written) of \(count) samples written") }
    }
    return path
  }

  package static func sine(_ frequency: Double, seconds: Double, rate: Int = 16_000, amplitude: Double = 0.5) -> [Float]
  {
    (0..<Int(seconds * Double(rate))).map { Float(amplitude * sin(2 * .pi * frequency * Double($0) / Double(rate))) }
  }

  package static func noise(_ count: Int, amplitude: Double = 0.1, item: Int = 0) -> [Float] {
    var stream = RandomStream(seed: 7, purpose: .test, item: item)
    return (0..<count).map { _ in Float(amplitude * stream.normal()) }
  }

  /// A gliding tone, noise that comes and goes, and clicks, which make lossy coders switch their block lengths.
  package static func lively(seconds: Double, rate: Int = 16_000, item: Int = 0) -> [Float] {
    var stream = RandomStream(seed: 8, purpose: .test, item: item)
    return (0..<Int(seconds * Double(rate))).map { index in
      let time = Double(index) / Double(rate)
      let tone = 0.3 * sin(2 * .pi * (300 * time + 60 * sin(2 * time)))
      let hiss = 0.05 * max(0, sin(3 * time)) * stream.normal()
      let click = index % (rate * 2 / 5) < 40 ? 0.5 * stream.normal() : 0
      return Float(min(max(tone + hiss + click, -0.99), 0.99))
    }
  }
}

/// The largest difference of two sequences of equal length.
package func largestDifference(_ a: some Collection<Float>, _ b: some Collection<Float>) -> Float {
  a.count == b.count ? zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) } : .infinity
}
