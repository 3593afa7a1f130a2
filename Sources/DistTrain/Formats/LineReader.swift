import Foundation

/// Goes through the lines of a list in memory that hold anything: it takes LF and CR LF, a byte order mark at the
/// beginning, blank lines, and a last line without an end. Every list that svdist reads is read by it.
struct LineReader {
  /// The number in the file, counted from 1, of the line that `next` gave last.
  private(set) var number = 0
  private let bytes: UnsafeRawBufferPointer
  private var start: Int

  /// - Precondition: the bytes outlive the reader and its lines.
  init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
    start = bytes.starts(with: Self.byteOrderMark) ? Self.byteOrderMark.count : 0
  }

  static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

  /// Where the next line that is not blank lies among the bytes, without the blanks around it; nil at the end.
  mutating func next() -> Range<Int>? {
    while start < bytes.count {
      let found = memchr(bytes.baseAddress! + start, 0x0A, bytes.count - start)
      let end = found.map { UnsafeRawPointer($0) - bytes.baseAddress! } ?? bytes.count
      let line = Self.trimmed(bytes, start..<end)
      start = end + 1
      number += 1
      if !line.isEmpty { return line }
    }
    return nil
  }

  /// A range without the blanks at its ends.
  static func trimmed(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Range<Int> {
    var (first, end) = (range.lowerBound, range.upperBound)
    while first < end, isBlank(bytes[first]) { first += 1 }
    while first < end, isBlank(bytes[end - 1]) { end -= 1 }
    return first..<end
  }

  /// Whether a byte stands between the fields of a line.
  static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
  }

  /// Checks that a file's first bytes may be those of a list.
  /// - Throws: `Failure(.badData)` for a compressed file and for UTF-16, with what to do.
  static func check(_ start: UnsafeRawBufferPointer, path: String) throws {
    if let what = Compression.remedy(start) { throw Failure(.badData, "\(path): \(what)") }
    if start.starts(with: [0xFF, 0xFE]) || start.starts(with: [0xFE, 0xFF]) {
      throw Failure(.badData, "\(path): is UTF-16: convert it with iconv -f UTF-16 -t UTF-8")
    }
  }
}

/// Compressed files, which svdist does not read, by their first bytes.
enum Compression {
  private static let kinds: [(name: String, mark: [UInt8], command: String)] = [
    ("gzip", [0x1F, 0x8B], "gunzip"), ("bzip2", Array("BZh".utf8), "bunzip2"),
    ("xz", [0xFD, 0x37, 0x7A, 0x58, 0x5A], "unxz"), ("zstd", [0x28, 0xB5, 0x2F, 0xFD], "unzstd"),
    ("zip", [0x50, 0x4B, 0x03, 0x04], "unzip"),
  ]

  /// How a file that begins with these bytes is compressed and how to unpack it; nil where it is not.
  static func remedy(_ start: some Collection<UInt8>) -> String? {
    kinds.first { start.starts(with: $0.mark) }.map { "is compressed with \($0.name): unpack it first (\($0.command))" }
  }
}
