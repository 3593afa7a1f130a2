/// The places of the samples of formats that are rows of chunks, as their headers give them.
enum ChunkedSamples {
  /// The place in WAV, in either order of bytes.
  static func riff(_ file: RecordingBytes, _ form: ChunkForm) throws(Failure) -> PromisedSamples? {
    guard let chunk = try form.find(form.samples, in: file) else { return nil }
    // libsndfile mends a file that was never closed, and reads it to its end.
    let isUnclosed = chunk.count == 0 && form.chunk(at: 0, in: file)?.count == 8
    return promised(chunk, file, form, unknown: PromisedSamples.unknownOf32Bits + (isUnclosed ? [0...0] : []))
  }

  /// The place in WAV of more than 4 GB, whose true length is in a chunk of its own.
  static func riff64(_ file: RecordingBytes) throws(Failure) -> PromisedSamples? {
    let form = ChunkForm.riff
    guard let chunk = try form.find(form.samples, in: file) else { return nil }
    guard chunk.count == 0xFFFF_FFFF, let sizes = try form.find("ds64", in: file) else {
      return promised(chunk, file, form, unknown: PromisedSamples.unknownOf32Bits)
    }
    let count = Int(clamping: file.read(at: sizes.start + 8, count: 8).littleEndian)
    return promised(
      ChunkForm.Chunk(name: chunk.name, start: chunk.start, count: count), file, form,
      unknown: PromisedSamples.unknownOf64Bits)
  }

  /// The place in AIFF and AIFF-C. A length of 0 stands for all that is there, as libsndfile reads it.
  static func aiff(_ file: RecordingBytes) throws(Failure) -> PromisedSamples? {
    guard let chunk = try ChunkForm.aiff.find(ChunkForm.aiff.samples, in: file) else { return nil }
    return promised(chunk, file, .aiff, unknown: PromisedSamples.unknownOf32Bits + [0...0])
  }

  /// The place in Apple's CAF.
  static func caf(_ file: RecordingBytes) throws(Failure) -> PromisedSamples? {
    guard let chunk = try ChunkForm.caf.find(ChunkForm.caf.samples, in: file) else { return nil }
    return promised(chunk, file, .caf, unknown: PromisedSamples.unknownOf64Bits)
  }

  /// The place in Sony's Wave64, which libsndfile reads to the end of the file.
  static func wave64(_ file: RecordingBytes) throws(Failure) -> PromisedSamples? {
    guard let chunk = try ChunkForm.wave64.find(ChunkForm.wave64.samples, in: file) else { return nil }
    return PromisedSamples(
      start: chunk.start, promised: chunk.count, unknown: PromisedSamples.unknownOf64Bits,
      available: file.size - chunk.start, rest: .read(.chunks(.wave64)))
  }

  private static func promised(
    _ chunk: ChunkForm.Chunk, _ file: RecordingBytes, _ form: ChunkForm, unknown: [ClosedRange<Int>]
  ) -> PromisedSamples {
    PromisedSamples(
      start: chunk.start, promised: chunk.count, unknown: unknown, available: file.size - chunk.start,
      rest: .chunks(form))
  }
}
