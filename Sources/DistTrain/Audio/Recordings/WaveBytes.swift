/// A WAV file of 16 bits and one channel, as bytes.
package enum WaveBytes {
  private static let header = 44

  /// - Parameter samples: the samples, where full scale is ±1; those beyond it are clipped.
  /// - Precondition: the samples are finite, and fewer than a WAV file can have.
  package static func bytes(_ samples: [Float], sampleRate: Int = 16_000) -> [UInt8] {
    let size = 2 * samples.count
    precondition(size <= Int(Int32.max) - header, "\(samples.count) samples are too many for a WAV file")
    var bytes: [UInt8] = []
    bytes.reserveCapacity(header + size)
    func add(_ value: Int, _ count: Int) {
      for index in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * index))) }
    }
    bytes += Array("RIFF".utf8)
    add(header - 8 + size, 4)
    bytes += Array("WAVEfmt ".utf8)
    // 16 bytes: PCM, one channel, its rate in samples and in bytes, the bytes and the bits of a sample.
    for (value, count) in [(16, 4), (1, 2), (1, 2), (sampleRate, 4), (2 * sampleRate, 4), (2, 2), (16, 2)] {
      add(value, count)
    }
    bytes += Array("data".utf8)
    add(size, 4)
    for sample in samples { add(Int((min(max(sample, -1), 1) * 32_767).rounded()), 2) }
    return bytes
  }
}
