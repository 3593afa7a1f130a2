import CSndFile
import Foundation

/// A 16-bit FLAC file that is being written.
package final class FLACFile {
  private let path: String
  private var file: OpaquePointer?
  private let channels: Int
  /// The number of samples that were clipped so far.
  private(set) var clipped = 0

  /// The largest number of channels that the format has.
  static let mostChannels = 8

  /// Creates the file, or empties an existing one.
  package init(path: String, sampleRate: Int, channels: Int = 1) throws {
    self.path = path
    self.channels = channels
    var info = SF_INFO()
    info.samplerate = Int32(sampleRate)
    info.channels = Int32(channels)
    info.format = Int32(SF_FORMAT_FLAC | SF_FORMAT_PCM_16)
    file = SoundHandle.create(path, &info)
    if file == nil { throw failure }
  }

  deinit {
    if let file { sf_close(file) }
  }

  /// Adds samples, interleaved, where full scale is ±1, rounded to 16 bits; those beyond full scale are clipped.
  /// Samples of a 16-bit recording are kept exactly.
  package func append(_ samples: [Float]) throws {
    let values = samples.map { Int16(clipping: $0) }
    clipped += Clipping.count(samples)
    guard sf_write_short(file, values, sf_count_t(values.count)) == values.count else { throw failure }
  }

  /// Writes what is left and waits until it is on disk.
  package func close() throws {
    sf_write_sync(file)
    let status = sf_close(file)
    file = nil
    guard status == 0 else { throw failure }
  }

  private var failure: Failure {
    Failure(
      .failed,
      "cannot write \(path): \(String(cString: sf_strerror(file)).trimmingCharacters(in: .whitespacesAndNewlines))")
  }
}

extension Int16 {
  /// A sample, where full scale is ±1, rounded to 16 bits; one beyond full scale, however far, is clipped.
  init(clipping sample: Float) {
    self = Int16(Swift.min(Swift.max((sample * 32_768).rounded(), -32_768), 32_767))
  }
}
