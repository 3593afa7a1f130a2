/// The frames of an MPEG audio stream (MP3), of which decoders read as many as the table in the first one says.
enum MPEGFrames {
  /// Checks that no second stream follows and that there are no more frames than the table says, where there is a
  /// table. All frames' headers are looked at.
  static func check(_ file: RecordingBytes) throws(Failure) {
    guard let first = MPEGStream.firstFrame(file.read(at:count:)), let promised = first.frames else { return }
    var frames = 0
    var offset = first.place
    while let frame = next(file, from: offset) {
      if frames > 0, MPEGStream.frames(inTableOf: file.read(at: frame.place, count: MPEGStream.reachOfTable)) != nil {
        throw AudioContainer.several(file.path)
      }
      frames += 1
      offset = frame.place + frame.header.bytes
      // Writers disagree in whether the frame of the table counts.
      guard frames <= promised + frame.header.inSecond else {
        throw AudioFile.unusable(
          file.path,
          "holds more audio than its header says: more than a second follows the \(promised) frames that it promises; "
            + "convert it again from its source")
      }
    }
  }

  /// The largest distance from a frame to the next one, but for tags: of streams that were cut before they were joined.
  private static let gap = 1 << 13

  /// The frame that begins at a place or soon after it, tags passed over.
  private static func next(_ file: RecordingBytes, from offset: Int) -> (place: Int, header: MPEGHeader)? {
    let start = MPEGStream.end(ofTagsFrom: offset, file.read(at:count:))
    if let header = MPEGHeader(file.read(at: start, count: 4)) { return (start, header) }
    let bytes = file.read(at: start, count: gap)
    for place in bytes.indices.dropLast(3) {
      // What looks like a frame in the middle of other bytes has to be followed by one.
      guard let header = MPEGHeader(Array(bytes[place..<place + 4])),
        MPEGHeader(file.read(at: start + place + header.bytes, count: 4)) != nil
      else { continue }
      return (start + place, header)
    }
    return nil
  }
}
