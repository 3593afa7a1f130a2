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

  /// The place of the next line that is not blank among the bytes, without the blanks around it; nil at the end.
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

  /// Checks that a file's bytes may be those of a list.
  /// - Throws: `Failure(.badData)` for a compressed file, for UTF-16 and UTF-32, and for lines that end in CR alone, with
  ///   what to do, and for zero bytes: the system takes a path for what comes before one.
  static func check(_ start: UnsafeRawBufferPointer, path: String) throws {
    if let what = Compression.remedy(start) { throw Failure(.badData, "\(path): \(what)") }
    if start.starts(with: [0xFF, 0xFE, 0, 0]) || start.starts(with: [0, 0, 0xFE, 0xFF]) {
      throw Failure(.badData, "\(path): is UTF-32: convert it with iconv -f UTF-32 -t UTF-8")
    }
    if start.starts(with: [0xFF, 0xFE]) || start.starts(with: [0xFE, 0xFF]) {
      throw Failure(.badData, "\(path): is UTF-16: convert it with iconv -f UTF-16 -t UTF-8")
    }
    if let order = orderOfUTF16(start) {
      throw Failure(
        .badData,
        "\(path): is UTF-16 without a byte order mark: convert it with iconv -f UTF-16\(order) -t UTF-8")
    }
    if start.first == 0 { throw Failure(.badData, "\(path): begins with a zero byte: it is no list") }
    if let zero = start.firstIndex(of: 0) {
      let line = start[..<zero].count { $0 == 0x0A } + 1
      throw Failure(.badData, "\(path):\(line): a zero byte, which no list has: correct the line")
    }
    let head = start.prefix(1 << 16)
    if !head.contains(0x0A), head.dropLast().contains(0x0D) {
      throw Failure(.badData, "\(path): its lines end in CR alone: convert it with tr '\\r' '\\n'")
    }
  }

  /// The order of bytes of UTF-16 without a mark: the high bytes of blanks, digits and Latin letters are zeros, where
  /// other text has none, and files of other kinds have them anywhere.
  private static func orderOfUTF16(_ start: UnsafeRawBufferPointer) -> String? {
    let part = start.prefix(256)
    let zeros = [0, 1].map { parity in
      stride(from: part.startIndex + parity, to: part.endIndex, by: 2).count { part[$0] == 0 }
    }
    func isHigh(_ parity: Int) -> Bool {
      zeros[parity] > 1 && zeros[parity] >= part.count / 8 && 8 * zeros[1 - parity] <= zeros[parity]
    }
    if isHigh(1) { return "LE" }
    if isHigh(0) { return "BE" }
    return nil
  }
}
