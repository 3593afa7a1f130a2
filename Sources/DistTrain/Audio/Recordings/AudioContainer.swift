/// Checks of audio files that need no decoding.
enum AudioContainer {
  /// Checks what a few of the file's bytes tell, which is done whenever a recording is opened.
  /// - Throws: `Failure(.badData)` for a recording of any format that states the number of its bytes, or an Ogg file,
  ///   that is cut short or goes on behind its end.
  static func check(_ file: RecordingBytes) throws(Failure) {
    if file.has("OggS", at: 0) {
      try OggPages.checkLast(file)
    } else {
      try promisedSamples(of: file)?.check(file)
    }
  }

  /// Checks what all of the file's bytes tell.
  /// - Parameter isMPEG: whether the recording is an MPEG stream, which no first bytes tell.
  /// - Throws: `Failure(.badData)` for an Ogg, FLAC or MPEG file that holds several streams one after the other, or
  ///   more than its header says.
  static func checkWhole(_ file: RecordingBytes, isMPEG: Bool) throws(Failure) {
    if file.has("OggS", at: 0) {
      try OggPages.checkAll(file)
    } else if file.has("fLaC", at: 0) {
      try FLACStream.check(file)
    } else if isMPEG {
      try MPEGFrames.check(file)
    }
  }

  /// The place of the samples by the header; nil for a format that does not give one, and for a header that is not
  /// understood.
  private static func promisedSamples(of file: RecordingBytes) throws(Failure) -> PromisedSamples? {
    let magic = String(decoding: file.read(at: 0, count: 4), as: UTF8.self)
    switch magic {
    case "RIFF" where isWave(file): return try ChunkedSamples.riff(file, .riff)
    case "RIFX" where isWave(file): return try ChunkedSamples.riff(file, .rifx)
    case "RF64" where isWave(file), "BW64" where isWave(file): return try ChunkedSamples.riff64(file)
    case "FORM" where file.has("AIFF", at: 8) || file.has("AIFC", at: 8): return try ChunkedSamples.aiff(file)
    case "caff": return try ChunkedSamples.caf(file)
    case "riff" where begins(in: file, at: 0): return try ChunkedSamples.wave64(file)
    case ".snd", "dns.": return HeadedSamples.au(file, isBigEndian: magic == ".snd")
    case "NIST": return HeadedSamples.sphere(file)
    case "Crea": return HeadedSamples.voc(file)
    default: return nil
    }
  }

  private static func isWave(_ file: RecordingBytes) -> Bool { file.has("WAVE", at: 8) }

  /// Whether a file of a known format begins at a place.
  static func begins(in file: RecordingBytes, at offset: Int) -> Bool {
    let bytes = file.read(at: offset, count: 20)
    return magics.contains { magic in
      bytes.starts(with: magic.first.utf8) && bytes.dropFirst(8).starts(with: magic.eighth.utf8)
    } || bytes.starts(with: Array("riff".utf8) + [0x2E, 0x91, 0xCF, 0x11])
  }

  /// The first bytes of files, and those from the eighth on.
  private static let magics: [(first: String, eighth: String)] = [
    ("RIFF", "WAVE"), ("RIFX", "WAVE"), ("RF64", "WAVE"), ("BW64", "WAVE"), ("FORM", "AIF"), ("caff\0\u{1}", "desc"),
    (".snd\0\0", ""), ("dns.", ""), ("NIST_1A\n", ""), ("Creative Voice File", " Voice File"), ("OggS\0", ""),
    ("fLaC", ""),
  ]

  /// The error of a recording that is several.
  static func several(_ path: String) -> Failure {
    AudioFile.unusable(
      path, "is several files one after the other, of which only the first would be read: convert it to one")
  }
}
