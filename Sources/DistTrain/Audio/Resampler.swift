import CSampleRate

/// Band-limited conversion between two sample rates by libsamplerate (Smith, "Digital audio resampling", 2002), with
/// its medium filter: 121 dB signal to noise, 90 % of the band.
struct Resampler {
  let from: Int
  let to: Int

  /// The input that decides a stretch of the output.
  struct Input {
    /// May begin before sample 0 and end after the last: there the signal is silence.
    let samples: Range<Int>
    /// The output sample that falls on the first of `samples`.
    let firstOutput: Int
  }

  /// The filter's reach on either side, in periods of the lower of both rates: its half-length is 46, rounded up.
  private static let reach = 64

  func input(for output: Range<Int>) -> Input {
    // Input and output samples coincide every `period` inputs: from there on, the phases are those of the whole recording.
    let divisor = Self.greatestCommonDivisor(from, to)
    let period = from / divisor
    let margin = Self.reach * max(1, (from + to - 1) / to)
    let earliest = output.lowerBound * from / to - margin
    let block = Int((Double(earliest) / Double(period)).rounded(.down))
    let end = (output.upperBound * from + to - 1) / to + margin
    return Input(samples: block * period..<end, firstOutput: block * (to / divisor))
  }

  /// A whole signal, with silence before and after it.
  func convert(whole samples: [Float], outputs: Int) throws(Failure) -> [Float] {
    let margin = Self.reach * max(1, (from + to - 1) / to)
    return try convert(samples + [Float](repeating: 0, count: margin), outputs: outputs)
  }

  /// The first `outputs` samples of the converted signal, the first of which falls on the first of `samples`.
  func convert(_ samples: [Float], outputs: Int) throws(Failure) -> [Float] {
    var status: Int32 = 0
    var generated = 0
    let ratio = Double(to) / Double(from)
    let converted = [Float](unsafeUninitializedCapacity: outputs) { output, initialized in
      samples.withUnsafeBufferPointer { input in
        var data = SRC_DATA()
        data.data_in = input.baseAddress
        data.data_out = output.baseAddress
        data.input_frames = input.count
        data.output_frames = outputs
        data.src_ratio = ratio
        status = src_simple(&data, Int32(SRC_SINC_MEDIUM_QUALITY), 1)
        generated = data.output_frames_gen
      }
      initialized = generated
    }
    guard status == 0, generated == outputs else {
      let reason = src_strerror(status).map { String(cString: $0) } ?? "\(generated) of \(outputs) samples"
      throw Failure(.badData, "resampling from \(from) to \(to) Hz failed (\(reason)): convert the recording first")
    }
    return converted
  }

  private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
    b == 0 ? a : greatestCommonDivisor(b, a % b)
  }
}
