import CSndFile

/// A lossy codec that speech passes through on its way; libsndfile encodes and decodes it in memory.
package enum Codec: String, Sendable, CaseIterable, Codable {
  /// G.711 μ-law as on the telephone, at 8 kHz.
  case muLaw = "mu-law"
  /// GSM 06.10 full rate, at 8 kHz.
  case gsm
  /// Opus at about 10 kbit/s, where it codes by linear prediction alone (SILK). Its other coder searches with the CPU's
  /// approximate reciprocals, which CPUs of AMD and Intel round differently (libopus 1.3 to 1.5, `celt/x86/vq_sse2.c`).
  case opus
  /// Vorbis at quality 0.1.
  case vorbis

  /// The samples after coding: as many as before, and in time with them.
  ///
  /// libsndfile's Ogg streams tell how much of their start is the coder's delay; μ-law and GSM 06.10 have none.
  /// - Throws: `Failure(.failed)` where libsndfile cannot encode or decode.
  package func transmit(_ samples: [Float], sampleRate: Int) throws(Failure) -> [Float] {
    guard !samples.isEmpty else { return samples }
    let rate = codedRate(sampleRate)
    if rate == sampleRate { return try code(samples, rate: rate) }
    let count = Waveform.resampledCount(samples.count, from: sampleRate, to: rate)
    let narrow = try Resampler(from: sampleRate, to: rate).convert(whole: samples, outputs: max(1, count))
    let coded = try code(narrow, rate: rate)
    return try Resampler(from: rate, to: sampleRate).convert(whole: coded, outputs: samples.count)
      .map { min(max($0, -1), 1) }
  }

  /// Whether the installed libsndfile writes this codec.
  package var isAvailable: Bool {
    var info = info(rate: codedRate(16_000))
    return sf_format_check(&info) != 0
  }

  private func codedRate(_ sampleRate: Int) -> Int {
    switch self {
    case .muLaw, .gsm: 8000
    case .opus, .vorbis: sampleRate
    }
  }

  private func info(rate: Int) -> SF_INFO {
    var info = SF_INFO()
    info.samplerate = Int32(rate)
    info.channels = 1
    let format =
      switch self {
      case .muLaw: Int(SF_FORMAT_WAV) | Int(SF_FORMAT_ULAW)
      case .gsm: Int(SF_FORMAT_WAV) | Int(SF_FORMAT_GSM610)
      case .opus: Int(SF_FORMAT_OGG) | Int(SF_FORMAT_OPUS)
      case .vorbis: Int(SF_FORMAT_OGG) | Int(SF_FORMAT_VORBIS)
      }
    info.format = Int32(format)
    return info
  }

  /// libsndfile's level of compression from 0, the best quality, to 1, the smallest size. Vorbis takes the quality 1 −
  /// level, Opus 6 + 250 · (1 − level) kbit/s.
  private var compressionLevel: Double? {
    switch self {
    case .muLaw, .gsm: nil
    case .opus: 0.984
    case .vorbis: 0.9
    }
  }

  /// The samples after coding at their own rate. They are held within full scale before it, because libsndfile's writers
  /// of μ-law and GSM read beyond their tables or turn round what is beyond it (1.2.0), whatever clipping it is told.
  private func code(_ samples: [Float], rate: Int) throws(Failure) -> [Float] {
    let file = MemoryFile()
    try encode(samples.map { min(max($0, -1), 1) }, rate: rate, into: file)
    return try decode(file, count: samples.count)
  }

  private func encode(_ samples: [Float], rate: Int, into file: MemoryFile) throws(Failure) {
    var info = info(rate: rate)
    guard let stream = file.open(SFM_WRITE, &info) else { throw failure("cannot be begun") }
    if var level = compressionLevel {
      sf_command(stream, Int32(SFC_SET_COMPRESSION_LEVEL), &level, Int32(MemoryLayout<Double>.size))
    }
    var written = 0
    samples.withUnsafeBufferPointer { samples in
      // It writes in parts because the Vorbis encoder of libsndfile 1.2 overflows its stack on long writes.
      while written < samples.count {
        let part = min(4096, samples.count - written)
        guard sf_write_float(stream, samples.baseAddress! + written, sf_count_t(part)) == part else { break }
        written += part
      }
    }
    let status = sf_close(stream)
    guard written == samples.count, status == 0 else { throw failure("failed") }
  }

  /// Decodes `count` samples. Where the decoder gives fewer than were encoded, silence follows, because GSM's last
  /// block may be cut.
  private func decode(_ file: MemoryFile, count: Int) throws(Failure) -> [Float] {
    var info = SF_INFO()
    guard let stream = file.open(SFM_READ, &info) else { throw failure("cannot be decoded") }
    defer { sf_close(stream) }
    return [Float](unsafeUninitializedCapacity: count) { samples, initialized in
      let decoded = max(0, Int(sf_read_float(stream, samples.baseAddress, sf_count_t(count))))
      for index in decoded..<max(decoded, count) { samples[index] = 0 }
      for index in 0..<decoded { samples[index] = min(max(samples[index], -1), 1) }
      initialized = count
    }
  }

  private func failure(_ what: String) -> Failure {
    Failure(.failed, "coding by \(rawValue) \(what): take it out of augmentation.codec.kinds")
  }
}
