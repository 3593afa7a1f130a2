/// The pages of an Ogg file (RFC 3533).
enum OggPages {
  private static let header = 27
  private static let capture = Array("OggS".utf8)

  /// Checks that the last page is whole, because decoders skip a broken one silently.
  static func checkLast(_ file: RecordingBytes) throws(Failure) {
    let largestPage = header + 255 + 255 * 255
    let tail = file.read(at: max(0, file.size - largestPage), count: min(file.size, largestPage))
    let last = stride(from: tail.count - 4, through: 0, by: -1).first { offset in
      tail[offset] == capture[0] && tail[offset..<offset + 4].elementsEqual(capture)
        && (offset + 4 == tail.count || tail[offset + 4] == 0)
    }
    guard let last else { return }
    let table = last + header
    var end = table
    if table <= tail.count {
      let segments = Int(tail[table - 1])
      end = table + segments + tail[table..<min(table + segments, tail.count)].reduce(0) { $0 + Int($1) }
    }
    guard end <= tail.count else {
      throw AudioFile.unusable(file.path, "is truncated: its last Ogg page is not whole; copy or convert it again")
    }
  }

  /// Checks that the file is one stream, because decoders read the first of several that follow each other and no more.
  /// All pages are looked at.
  static func checkChain(_ file: RecordingBytes) throws(Failure) {
    var offset = 0
    var isAfterBeginning = false
    while offset + header <= file.size {
      let page = file.read(at: offset, count: min(header + 255, file.size - offset))
      guard page.count >= header, page.starts(with: capture) else { return }
      let isFirst = page[5] & 2 != 0
      if isFirst, isAfterBeginning { throw AudioContainer.several(file.path) }
      isAfterBeginning = isAfterBeginning || !isFirst
      let segments = Int(page[26])
      guard header + segments <= page.count else { return }
      offset += header + segments + page[header..<header + segments].reduce(0) { $0 + Int($1) }
    }
  }
}
