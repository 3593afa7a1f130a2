/// The pages of an Ogg file (RFC 3533).
enum OggPages {
  /// A page's beginning: its header and the table of its segments.
  private struct Page {
    let isFirst: Bool
    let isLast: Bool
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
  /// and that no page of it is damaged, because they skip such a page silently. All pages are looked at.
  static func checkAll(_ file: RecordingBytes) throws(Failure) {
    var offset = 0
    var isAfterBeginning = false
    var hasEnded = false
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
      offset += page.byteCount
    }
  }

  private static func damaged(_ file: RecordingBytes, _ what: String) -> Failure {
    AudioFile.unusable(file.path, "is damaged: \(what); copy or convert it again")
  }
}
