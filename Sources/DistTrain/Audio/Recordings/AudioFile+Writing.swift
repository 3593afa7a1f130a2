import CSndFile
import Foundation

extension AudioFile {
  /// Writes a WAV file of 16 bits and one channel.
  /// - Parameter samples: the samples, where full scale is ±1; those beyond it are clipped.
  /// - Returns: the number of samples that were clipped.
  /// - Throws: `Failure(.failed)` where the file cannot be written.
  @discardableResult
  package static func write(
    _ samples: [Float], to path: String, sampleRate: Int = 16_000
  ) throws(Failure) -> Int {
    var info = SF_INFO()
    info.samplerate = Int32(sampleRate)
    info.channels = 1
    info.format = Int32(Int(SF_FORMAT_WAV) | Int(SF_FORMAT_PCM_16))
    guard let file = SoundHandle.create(path, &info) else {
      throw Failure(.failed, "\(path): cannot be written (\(String(cString: strerror(errno))))")
    }
    sf_command(file, Int32(SFC_SET_CLIPPING), nil, 1)
    let written = samples.withUnsafeBufferPointer { sf_write_float(file, $0.baseAddress, sf_count_t($0.count)) }
    guard sf_close(file) == 0, written == samples.count else {
      throw Failure(.failed, "\(path): cannot be written: is the disk full?")
    }
    return Clipping.count(samples)
  }
}
