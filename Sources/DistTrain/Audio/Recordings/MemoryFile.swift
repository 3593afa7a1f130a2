import CSndFile

/// A file in memory.
///
/// Unchecked: whoever shares one between threads locks it.
final class MemoryFile: VirtualFile, @unchecked Sendable {
  private(set) var bytes: [UInt8] = []

  override var count: Int { bytes.count }

  override func read(_ target: UnsafeMutableRawBufferPointer) -> Int {
    bytes.withUnsafeBytes {
      target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[position..<position + target.count]))
    }
    return target.count
  }

  override func write(_ source: UnsafeRawBufferPointer) -> Int {
    let end = position + source.count
    if end > bytes.count { bytes.append(contentsOf: repeatElement(0, count: end - bytes.count)) }
    bytes.withUnsafeMutableBytes { target in
      UnsafeMutableRawBufferPointer(rebasing: target[position..<end]).copyMemory(from: source)
    }
    return source.count
  }
}

extension MemoryFile {
  /// The bytes of a WAV file of 16 bits and one channel.
  /// - Parameter samples: the samples, where full scale is ±1; those beyond it are clipped (`Clipping`), and those of a
  ///   16-bit recording are kept exactly.
  static func wave(_ samples: [Float], sampleRate: Int) throws -> [UInt8] {
    let memory = MemoryFile()
    var info = SF_INFO()
    info.samplerate = Int32(sampleRate)
    info.channels = 1
    info.format = Int32(Int(SF_FORMAT_WAV) | Int(SF_FORMAT_PCM_16))
    guard let file = memory.open(Int(SFM_WRITE), &info) else {
      throw Failure(.failed, "libsndfile makes no WAV file of 16 bits at \(sampleRate) Hz")
    }
    let values = samples.map { Int16(clipping: $0) }
    let written = sf_writef_short(file, values, sf_count_t(values.count))
    guard sf_close(file) == 0, written == values.count else {
      throw Failure(.failed, "a WAV file of \(values.count) samples cannot be made")
    }
    return memory.bytes
  }
}
