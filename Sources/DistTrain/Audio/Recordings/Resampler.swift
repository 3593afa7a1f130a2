import CSoxr
import Foundation

/// Band-limited conversion between two sampling rates by soxr, with its high-quality filter and no roll-off. In the
/// lower 90 % of the lower rate's band, samples are exact to 4e-6 of full scale, and frequencies that would fold back
/// are 130 dB down.
package struct Resampler {
  let from: Int
  let to: Int

  /// The input that a stretch of the output depends on.
  struct Input {
    /// The range of input samples. It may begin before sample 0 and end after the last; there the signal is silence.
    let samples: Range<Int>
    /// The index of the output sample that falls on the first of `samples`.
    let firstOutput: Int
  }

  /// The reach of the filter on either side, in periods of the lower of the two rates. From 96 on, a longer reach
  /// changes no sample by more than the rounding of single precision.
  private static let reach = 128

  /// Removes the environment variables by which soxr's arithmetic can be changed. It must be called before there are
  /// threads.
  package static func forgetPresets() {
    for name in [
      "SOXR_USE_SIMD", "SOXR_USE_SIMD32", "SOXR_COEF_INTERP", "SOXR_MIN_DFT_SIZE", "SOXR_LARGE_DFT_SIZE",
      "SOXR_COEFS_SIZE", "SOXR_NUM_THREADS",
    ] { unsetenv(name) }
  }

  /// The input that a range of output samples depends on.
  func input(for output: Range<Int>) -> Input {
    // Input and output samples coincide every `period` inputs: from such a place on, the phases are those of the whole
    // recording.
    let divisor = Self.greatestCommonDivisor(from, to)
    let period = from / divisor
    let margin = Self.reach * max(1, (from + to - 1) / to)
    let earliest = output.lowerBound * from / to - margin
    let block = Int((Double(earliest) / Double(period)).rounded(.down))
    let end = (output.upperBound * from + to - 1) / to + margin
    return Input(samples: block * period..<end, firstOutput: block * (to / divisor))
  }

  /// Converts a whole signal, taken to be silent before and after, into `outputs` samples.
  func convert(whole samples: [Float], outputs: Int) throws(Failure) -> [Float] {
    let margin = Self.reach * max(1, (from + to - 1) / to)
    return try convert(samples + [Float](repeating: 0, count: margin), outputs: outputs)
  }

  /// Converts a signal and returns the first `outputs` samples, the first of which falls on the first of `samples`.
  /// - Throws: `Failure(.badData)` where soxr fails or gives fewer samples.
  func convert(_ samples: [Float], outputs: Int) throws(Failure) -> [Float] {
    var error: soxr_error_t?
    var formats = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I)
    var quality = soxr_quality_spec(UInt(SOXR_HQ), UInt(SOXR_ROLLOFF_NONE))
    let converter = soxr_create(Double(from), Double(to), 1, &error, &formats, &quality, nil)
    defer { soxr_delete(converter) }
    var generated = 0
    let converted = [Float](unsafeUninitializedCapacity: outputs) { output, initialized in
      samples.withUnsafeBufferPointer { input in
        var used = 0
        // A call may take or give less than it could; without input it gives the rest.
        while error == nil, generated < outputs {
          var (taken, given) = (0, 0)
          let rest = used < input.count ? input.baseAddress! + used : nil
          error = soxr_process(
            converter, rest, input.count - used, &taken, output.baseAddress! + generated, outputs - generated, &given)
          used += taken
          generated += given
          if taken == 0, given == 0 { break }
        }
      }
      initialized = generated
    }
    guard error == nil, generated == outputs else {
      let reason = error.map { String(cString: $0) } ?? "\(generated) of \(outputs) samples"
      throw Failure(.badData, "resampling from \(from) to \(to) Hz failed (\(reason)): convert the recording first")
    }
    return converted
  }

  private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
    b == 0 ? a : greatestCommonDivisor(b, a % b)
  }
}
