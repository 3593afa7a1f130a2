package import Foundation

/// The bytes of WAV files, mono unless said otherwise.
package enum WaveFile {
  /// - Parameter format: 1 for integers, 3 for floats.
  package static func bytes(
    format: Int, sampleBytes: Int, _ samples: [UInt8], rate: Int = 16_000, channels: Int = 1
  ) -> Data {
    var bytes = Array("RIFF".utf8) + little(36 + samples.count, 4) + Array("WAVEfmt ".utf8) + little(16, 4)
    bytes += little(format, 2) + little(channels, 2) + little(rate, 4) + little(rate * sampleBytes * channels, 4)
    bytes +=
      little(sampleBytes * channels, 2) + little(8 * sampleBytes, 2) + Array("data".utf8) + little(samples.count, 4)
    return Data(bytes + samples)
  }

  /// The low `count` bytes of a number, the lowest first.
  package static func little(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(value >> (8 * $0) & 255) }
  }

  /// - Parameter samples: the samples, interleaved where there are several channels.
  package static func floats(_ samples: [Float], rate: Int = 16_000, channels: Int = 1) -> Data {
    bytes(
      format: 3, sampleBytes: 4, samples.flatMap { little(Int($0.bitPattern), 4) }, rate: rate, channels: channels)
  }
}
