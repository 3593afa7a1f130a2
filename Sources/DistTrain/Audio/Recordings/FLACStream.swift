/// A FLAC file, of which decoders read as many samples as its first block says and no more.
enum FLACStream {
  /// Checks that no second stream follows, that no frame is damaged before the last, and that the last ends no later
  /// than the file says. All bytes are looked at.
  static func check(_ file: RecordingBytes) throws(Failure) {
    let information = file.read(at: 8, count: 18)
    guard information.count == 18 else { return }
    if hasSecond(file) { throw AudioContainer.several(file.path) }
    let numbers = information[10...].bigEndian
    let samples = Int(numbers & (1 << 36 - 1))
    let blockSize = Int(information[2..<4].bigEndian)
    try FLACFrames(file, blockSize: blockSize).check(samples: samples, sampleRate: Int(numbers >> 44))
    guard samples > 0, let end = end(file, blockSize: blockSize), end > samples else { return }
    throw AudioFile.unusable(
      file.path,
      "holds more audio than its header says: it has \(end) samples of each channel, where its header promises "
        + "\(samples); convert it again from its source")
  }

  /// Whether the beginning of another stream lies somewhere behind that of the first: its name and the head of its
  /// first block, which no compressed samples hold by chance.
  private static func hasSecond(_ file: RecordingBytes) -> Bool {
    let name = Array("fLaC".utf8)
    let length = 8
    let part = 1 << 20
    return stride(from: 4, to: file.size, by: part).contains { offset in
      file.read(at: offset, count: part + length - 1).withUnsafeBufferPointer { bytes in
        (0..<max(0, bytes.count - length + 1)).contains { place in
          // The highest bit of the fifth byte says whether other blocks follow.
          bytes[place] == name[0] && bytes[place + 7] == 34 && bytes[place..<place + 4].elementsEqual(name)
            && bytes[place + 4] & 0x7F == 0 && bytes[place + 5] == 0 && bytes[place + 6] == 0
        }
      }
    }
  }

  /// The largest number of bytes in which the last frame is looked for.
  private static let reach = 1 << 18

  /// The number of samples of each channel up to the end of the last frame; nil where none is found.
  private static func end(_ file: RecordingBytes, blockSize: Int) -> Int? {
    let hasTag = file.has("TAG", at: file.size - 128)
    let size = file.size - (hasTag ? 128 : 0)
    let start = max(0, size - reach)
    let bytes = file.read(at: start, count: size - start)
    for place in bytes.indices.dropLast(FLACFrame.shortest).reversed() {
      guard let frame = FLACFrame(bytes[place...], blockSize: blockSize) else { continue }
      if FLACFrame.checksum(bytes[place...]) == 0 { return frame.end }
    }
    return nil
  }
}
