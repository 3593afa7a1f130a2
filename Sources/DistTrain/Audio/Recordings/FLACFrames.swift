/// The frames of a FLAC file, one after the other (RFC 9639, section 9).
///
/// libFLAC goes on with a later frame where one is damaged, and libsndfile (1.2.0, with libFLAC 1.4.2) tells that or not
/// as its caller's reads happen to fall: a damage shortly behind the beginning of a read is passed over in silence.
struct FLACFrames {
  private let file: RecordingBytes
  private let blockSize: Int

  /// - Parameter blockSize: the number of samples that all frames but the last have, in files whose frames are
  ///   numbered.
  init(_ file: RecordingBytes, blockSize: Int) { (self.file, self.blockSize) = (file, blockSize) }

  /// Checks that whole frames follow each other up to a number of samples. A file that ends before is left to its
  /// decoder, which misses them.
  func check(samples: Int, sampleRate: Int) throws(Failure) {
    guard var place = start else { return }
    var done = 0
    while done < samples {
      let frame = head(at: place)
      if let frame, let end = end(of: place, isLast: done + frame.samples >= samples) {
        done += frame.samples
        place = end
      } else if isAnyBegun(behind: place) {
        throw AudioFile.unusable(
          file.path,
          "is damaged: no whole FLAC frame lies at \(AudioFile.time(done, max(1, sampleRate))); copy or convert it again"
        )
      } else {
        return
      }
    }
  }

  /// The place of the first frame, behind the blocks of what is said about the file; nil where these do not end.
  private var start: Int? {
    var place = 4
    while place < file.size {
      let block = file.read(at: place, count: 4)
      guard block.count == 4 else { return nil }
      place += 4 + Int(block[1...].bigEndian)
      if block[0] & 0x80 != 0 { return place }
    }
    return nil
  }

  private func head(at place: Int) -> FLACFrame? {
    FLACFrame(file.read(at: place, count: FLACFrame.longestHead)[...], blockSize: blockSize)
  }

  /// The number of bytes that are looked at together.
  private static let part = 1 << 13

  /// The end of the frame at a place, where its checksum comes out and, but for the last, another frame begins; nil
  /// where there is none.
  private func end(of place: Int, isLast: Bool) -> Int? {
    var sum: UInt16 = 0
    for offset in stride(from: place, to: file.size, by: Self.part) {
      let bytes = file.read(at: offset, count: Self.part)
      let count = FLACFrame.zero(of: bytes[...], &sum) { count in
        offset + count - place > FLACFrame.shortest && (isLast || head(at: offset + count) != nil)
      }
      if let count { return offset + count }
    }
    return nil
  }

  /// Whether a frame begins somewhere behind a place.
  private func isAnyBegun(behind place: Int) -> Bool {
    stride(from: place + 1, to: file.size, by: Self.part).contains { offset in
      let bytes = file.read(at: offset, count: Self.part)
      return bytes.indices.contains { bytes[$0] == 0xFF && head(at: offset + $0) != nil }
    }
  }
}
