/// The beginning of an MPEG audio stream (MP3), which tells how long the stream is where its writer knew.
enum MPEGStream {
  /// Reads up to so many bytes at a place.
  typealias Reading = (_ offset: Int, _ count: Int) -> [UInt8]

  /// The largest distance from the tags before a stream to its first frame.
  private static let reach = 1 << 16
  /// The largest distance from a frame's header to the table of the stream's length within the frame.
  private static let table = 4 + 2 + 32
  /// The bytes of a frame in which a table and its number of frames lie.
  static let reachOfTable = table + 18

  /// Whether a stream says how many frames it has, in a table of Xing's or Fraunhofer's form in its first frame.
  /// Otherwise mpg123 guesses the length from the size of the file and the bit rate of the first frames, which is
  /// wrong for a varying bit rate and for streams that were joined or cut.
  static func tellsLength(_ file: ShardMember) -> Bool {
    guard let first = firstFrame(file.read(at:count:)) else { return true }
    return first.frames != nil
  }

  /// The place of the first frame and the number of frames that its table tells; nil where no frame is found.
  static func firstFrame(_ read: Reading) -> (place: Int, frames: Int?)? {
    let start = end(ofTagsFrom: 0, read)
    let bytes = read(start, reach)
    guard let frame = bytes.indices.dropLast(3).first(where: { isHeader(bytes, $0) }) else { return nil }
    return (start + frame, frames(inTableOf: Array(bytes[frame...].prefix(reachOfTable))))
  }

  /// The number of frames that a table in a frame tells; nil where there is none.
  static func frames(inTableOf frame: [UInt8]) -> Int? {
    for place in 4...table where place + 12 <= frame.count {
      let name = frame[place..<place + 4]
      if name.elementsEqual("VBRI".utf8), place + 18 <= frame.count {
        return Int(frame[place + 14..<place + 18].bigEndian)
      }
      // The lowest of the flags that follow says that the number of frames is there.
      if name.elementsEqual("Xing".utf8) || name.elementsEqual("Info".utf8) {
        return frame[place + 7] & 1 == 1 ? Int(frame[place + 8..<place + 12].bigEndian) : nil
      }
    }
    return nil
  }

  /// The place behind the ID3v2 tags that begin at a place.
  static func end(ofTagsFrom start: Int, _ read: Reading) -> Int {
    var offset = start
    while case let tag = read(offset, 10), tag.count == 10, tag.starts(with: "ID3".utf8) {
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
