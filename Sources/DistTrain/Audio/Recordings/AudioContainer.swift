import Foundation

/// Checks of audio files that need no decoding.
enum AudioContainer {
  /// Checks a file.
  /// - Throws: `Failure(.badData)` for a file that is missing, unreadable, empty, not a regular file, or a WAV or Ogg
  ///   file that is cut short.
  static func check(_ path: String) throws(Failure) {
    // A pipe that nobody writes to must not keep the reader waiting.
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else {
      let reason = errno == ENOENT ? "no such file" : "cannot be read (\(String(cString: strerror(errno))))"
      throw AudioFile.unusable(path, reason)
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw AudioFile.unusable(path, "is not a file: give a recording, not a folder, pipe or device")
    }
    let size = Int(status.st_size)
    guard size > 0 else { throw AudioFile.unusable(path, "is empty (0 bytes): copy or convert it again") }
    let file = Bytes(size: size) { offset, count in
      [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
        initialized = max(0, pread(descriptor, buffer.baseAddress, count, off_t(offset)))
      }
    }
    try check(file, path)
  }

  /// Checks a recording within a shard in the same way.
  /// - Throws: `Failure(.badData)` for a recording that is empty, or a WAV or Ogg file that is cut short.
  static func check(_ member: ShardMember) throws(Failure) {
    guard member.count > 0 else {
      throw AudioFile.unusable(member.path, "is empty (0 bytes): copy or convert it again")
    }
    try check(Bytes(size: member.count) { member.read(at: $0, count: $1) }, member.path)
  }

  private static func check(_ file: Bytes, _ path: String) throws(Failure) {
    let magic = file.read(at: 0, count: 12)
    if magic.starts(with: Array("RIFF".utf8)), magic.dropFirst(8).elementsEqual("WAVE".utf8) {
      try checkWave(file, path)
    } else if magic.starts(with: Array("OggS".utf8)) {
      try checkOgg(file, path)
    }
  }

  /// The bytes of an open file.
  private struct Bytes {
    let size: Int
    let reading: (_ offset: Int, _ count: Int) -> [UInt8]

    /// Reads up to `count` bytes; there are fewer at the end of the file.
    func read(at offset: Int, count: Int) -> [UInt8] { reading(offset, count) }
  }

  /// Walks the RIFF chunks to `data` and compares its length with the file's, because libsndfile shortens such a file
  /// silently.
  private static func checkWave(_ file: Bytes, _ path: String) throws(Failure) {
    var offset = 12
    // A file of holes has millions of empty chunks; recordings have tens.
    for _ in 0..<Self.mostChunks {
      guard offset + 8 <= file.size else { return }
      let header = file.read(at: offset, count: 8)
      guard header.count == 8 else { return }
      let length = (4..<8).reversed().reduce(0) { $0 << 8 | Int(header[$1]) }
      offset += 8
      if header.starts(with: Array("data".utf8)) {
        // A writer to a pipe cannot know the length, and leaves 0 or all ones: then the data ends where the file does.
        let isKnown = length > 0 && length < 0x7FFF_F000
        guard !isKnown || offset + length <= file.size else {
          throw AudioFile.unusable(
            path,
            "is truncated: its header promises \(length) bytes of samples, \(file.size - offset) are there; "
              + "copy or convert it again")
        }
        return
      }
      offset += length + length % 2
    }
    throw AudioFile.unusable(
      path, "is no recording: its first \(Self.mostChunks) chunks hold no samples; copy or convert it again")
  }

  private static let mostChunks = 10_000

  /// Checks that the last page of an Ogg file is whole, because decoders skip a broken one silently.
  private static func checkOgg(_ file: Bytes, _ path: String) throws(Failure) {
    let header = 27
    let largestPage = header + 255 + 255 * 255
    let tail = file.read(at: max(0, file.size - largestPage), count: min(file.size, largestPage))
    let capture = Array("OggS".utf8)
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
      throw AudioFile.unusable(path, "is truncated: its last Ogg page is not whole; copy or convert it again")
    }
    try checkChain(file, path)
  }

  /// Checks that an Ogg file is one stream, because decoders read the first of several that follow each other and no more.
  private static func checkChain(_ file: Bytes, _ path: String) throws(Failure) {
    let header = 27
    var offset = 0
    var isAfterBeginning = false
    while offset + header <= file.size {
      let page = file.read(at: offset, count: min(header + 255, file.size - offset))
      guard page.count >= header, page.starts(with: "OggS".utf8) else { return }
      let isFirst = page[5] & 2 != 0
      if isFirst, isAfterBeginning {
        throw AudioFile.unusable(
          path, "is several Ogg files one after the other, of which only the first would be read: convert it to one")
      }
      isAfterBeginning = isAfterBeginning || !isFirst
      let segments = Int(page[26])
      guard header + segments <= page.count else { return }
      offset += header + segments + page[header..<header + segments].reduce(0) { $0 + Int($1) }
    }
  }
}
