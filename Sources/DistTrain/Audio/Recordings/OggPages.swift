/// The pages of an Ogg file (RFC 3533).
enum OggPages {
  /// A page's beginning: its header and the table of its segments.
  private struct Page {
    let isFirst: Bool
    let isLast: Bool
    /// The number of the logical stream that the page is of, and of the page within it.
    let stream: Int
    let number: Int
    /// The time of the page's end, in samples of a rate that the codec fixes: 0 for headers; nil where no packet ends in
    /// the page.
    let time: Int?
    /// Whether a packet ends in the page: of one that goes on, all segments are full.
    let endsPacket: Bool
    /// The number of bytes of the whole page.
    let byteCount: Int

    static let header = 27
    static let largest = header + 255 + 255 * 255
    static let capture = Array("OggS".utf8)

    /// Reads the beginning of a page; nil where none begins or not all of it is there.
    init?(_ bytes: ArraySlice<UInt8>) {
      guard bytes.count >= Self.header, bytes.starts(with: Self.capture) else { return nil }
      let first = bytes.startIndex
      let table = bytes.dropFirst(Self.header).prefix(Int(bytes[first + 26]))
      guard table.count == Int(bytes[first + 26]) else { return nil }
      isFirst = bytes[first + 5] & 2 != 0
      isLast = bytes[first + 5] & 4 != 0
      let time = Int(bitPattern: UInt(bytes[(first + 6)..<(first + 14)].littleEndian))
      self.time = time == -1 ? nil : time
      stream = Int(bytes[(first + 14)..<(first + 18)].littleEndian)
      number = Int(bytes[(first + 18)..<(first + 22)].littleEndian)
      endsPacket = table.contains { $0 < 255 }
      byteCount = Self.header + table.count + table.reduce(0) { $0 + Int($1) }
    }
  }

  /// Checks that the last page is whole, because decoders skip a broken one silently.
  static func checkLast(_ file: RecordingBytes) throws(Failure) {
    let tail = file.read(at: max(0, file.size - Page.largest), count: min(file.size, Page.largest))
    let last = stride(from: tail.count - 4, through: 0, by: -1).first { offset in
      tail[offset] == Page.capture[0] && tail[offset..<offset + 4].elementsEqual(Page.capture)
        && (offset + 4 == tail.count || tail[offset + 4] == 0)
    }
    guard let last else { return }
    guard let page = Page(tail[last...]), last + page.byteCount <= tail.count else {
      throw AudioFile.unusable(file.path, "is truncated: its last Ogg page is not whole; copy or convert it again")
    }
    guard OggChecksum.isRight(tail[last..<last + page.byteCount]) else {
      throw damaged(file, "its last Ogg page is not of its checksum")
    }
  }

  /// Checks that the file is one stream, because decoders read the first of several that follow each other and no more,
  /// that no page of it is damaged or missing, because they skip that silently, and that pages do not go back in time,
  /// because the last one's is taken for the length. All pages are looked at. Between the headers and the first audio
  /// pages may be missing: a recorded broadcast begins anywhere.
  static func checkAll(_ file: RecordingBytes) throws(Failure) {
    var offset = 0
    var isAfterBeginning = false
    var hasEnded = false
    var before: [Int: (number: Int, time: Int)] = [:]
    while offset < file.size {
      guard let page = Page(file.read(at: offset, count: Page.header + 255)[...]) else {
        // Tags and zeros may follow the end of the stream.
        if !hasEnded { throw damaged(file, "at byte \(offset), no Ogg page follows before the stream's end") }
        return
      }
      if page.isFirst, isAfterBeginning { throw AudioContainer.several(file.path) }
      isAfterBeginning = isAfterBeginning || !page.isFirst
      hasEnded = hasEnded || page.isLast
      guard OggChecksum.isRight(file.read(at: offset, count: page.byteCount)[...]) else {
        throw damaged(file, "its Ogg page at byte \(offset) is not of its checksum")
      }
      guard page.time != nil || !page.endsPacket else {
        throw damaged(file, "its Ogg page at byte \(offset) states no time, so that what lies in it would be lost")
      }
      try follow(page, before[page.stream], at: offset, file)
      before[page.stream] = (page.number, page.time ?? before[page.stream]?.time ?? 0)
      offset += page.byteCount
    }
  }

  /// Checks that a page is the one after another of its stream.
  private static func follow(
    _ page: Page, _ last: (number: Int, time: Int)?, at offset: Int, _ file: RecordingBytes
  ) throws(Failure) {
    guard let last, last.time != 0 else { return }
    guard page.number == (last.number + 1) & 0xFFFF_FFFF else {
      throw damaged(file, "Ogg pages are missing, or lie elsewhere, before the one at byte \(offset)")
    }
    if let time = page.time, time < last.time {
      throw damaged(file, "its Ogg page at byte \(offset) states an earlier time than one before it")
    }
  }

  private static func damaged(_ file: RecordingBytes, _ what: String) -> Failure {
    AudioFile.unusable(file.path, "is damaged: \(what); copy or convert it again")
  }
}
