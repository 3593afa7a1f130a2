/// The beginning of an MPEG audio stream (MP3), which tells how long the stream is where its writer knew.
enum MPEGStream {
  /// The largest distance from the tags before a stream to its first frame.
  private static let reach = 1 << 16
  /// The largest distance from a frame's header to the table of the stream's length within the frame.
  private static let table = 4 + 2 + 32

  /// Whether a stream says how many frames it has, in a table of Xing's or Fraunhofer's form in its first frame.
  /// Otherwise mpg123 guesses the length from the size of the file and the bit rate of the first frames, which is
  /// wrong for a varying bit rate and for streams that were joined or cut.
  static func tellsLength(_ file: ShardMember) -> Bool {
    let bytes = file.read(at: end(ofTags: file), count: reach)
    guard let frame = bytes.indices.dropLast(3).first(where: { isHeader(bytes, $0) }) else { return true }
    for place in (frame + 4)...(frame + table) where place + 8 <= bytes.count {
      let name = bytes[place..<place + 4]
      if name.elementsEqual("VBRI".utf8) { return true }
      // The lowest of the flags that follow says that the number of frames is there.
      if name.elementsEqual("Xing".utf8) || name.elementsEqual("Info".utf8) { return bytes[place + 7] & 1 == 1 }
    }
    return false
  }

  /// The place behind the ID3v2 tags at the beginning.
  private static func end(ofTags file: ShardMember) -> Int {
    var offset = 0
    while case let tag = file.read(at: offset, count: 10), tag.count == 10, tag.starts(with: "ID3".utf8) {
      let footer = tag[5] & 0x10 == 0 ? 0 : 10
      offset += 10 + tag[6...9].reduce(0) { $0 << 7 | Int($1 & 0x7F) } + footer
    }
    return offset
  }

  /// Whether a frame's header may be at a place: eleven bits that are 1, then a layer, bit rate and sampling rate that
  /// exist.
  private static func isHeader(_ bytes: [UInt8], _ place: Int) -> Bool {
    let (second, third) = (bytes[place + 1], bytes[place + 2])
    return bytes[place] == 0xFF && second & 0xE0 == 0xE0 && second & 0x18 != 0x08 && second & 0x06 != 0
      && third & 0xF0 != 0xF0 && third & 0x0C != 0x0C
  }
}
