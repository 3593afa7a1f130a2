/// Goes through the files of a tar archive: ustar, with the long names of pax (POSIX.1-2001) and GNU, and the form before
/// it (v7). Every length and
/// offset is checked against the length of the archive.
struct TarReader {
  struct Member: Equatable {
    /// The member's name; nil where it is not UTF-8.
    let name: String?
    /// The offset of the member's first byte in the archive.
    let offset: Int
    /// The number of the member's bytes.
    let count: Int
  }

  /// The largest extended header that is read, in bytes.
  private static let longestExtension = 1 << 20

  let file: InputFile
  /// The offset of the next header.
  private(set) var position = 0

  /// Opens an archive.
  /// - Throws: `Failure(.badData)` when there is no such file or it may not be read.
  init(path: String) throws {
    file = try InputFile(path: path)
    if let what = Compression.remedy(try file.read(at: 0, count: min(file.bytes, Compression.markCount))) {
      throw Failure(.badData, "\(path): \(what)")
    }
  }

  /// The fields of extended headers, which describe the member that follows them.
  private struct Extension {
    var name: [UInt8]?
    var size: Int?

    var isEmpty: Bool { name == nil && size == nil }
  }

  /// The next file, or nil at the end of the archive.
  /// - Throws: `Failure(.badData)` that names the archive, the place and what is wrong there.
  mutating func next() throws -> Member? {
    var known = Extension()
    while true {
      let start = position
      guard start + TarHeader.byteCount <= file.bytes else {
        throw damaged(
          at: min(start, file.bytes), "it ends without the mark of its end: it was cut off, or never written to the end"
        )
      }
      let block = try file.read(at: start, count: TarHeader.byteCount)
      if block.allSatisfy({ $0 == 0 }) {
        guard known.isEmpty else { throw damaged(at: start, "a long name without its member") }
        try checkNothingFollows(start + TarHeader.byteCount)
        return nil
      }
      let header: TarHeader
      do { header = try TarHeader(block) } catch { throw damaged(at: start, error.message) }
      let isExtension = ["x", "g", "L", "K"].contains(Character(UnicodeScalar(header.type)))
      let count = isExtension ? header.size : known.size ?? header.size
      let offset = start + TarHeader.byteCount
      let shown = header.name ?? "a name that is not UTF-8"
      guard count <= file.bytes - offset else {
        throw damaged(at: start, "'\(shown)' has \(count) bytes, \(file.bytes - offset) are there")
      }
      position = offset + (count + 511) / 512 * 512
      switch header.type {
      case UInt8(ascii: "x"): try read(records(offset, count, at: start), into: &known, at: start)
      case UInt8(ascii: "L"): known.name = Array(try content(offset, count, at: start).prefix { $0 != 0 })
      case UInt8(ascii: "S"): throw damaged(at: start, "'\(shown)' is a sparse file, which svdist does not read")
      case _ where header.isFile:
        let name = known.name.map { String(validating: $0, as: UTF8.self) } ?? header.name
        return Member(name: name, offset: offset, count: count)
      case _ where isExtension: break
      default: known = Extension()
      }
    }
  }

  /// Checks that zeros alone follow the mark of the archive's end.
  private func checkNothingFollows(_ end: Int) throws {
    let piece = 1 << 16
    for start in stride(from: end, to: file.bytes, by: piece) {
      let bytes = try file.read(at: start, count: min(piece, file.bytes - start))
      if let other = bytes.firstIndex(where: { $0 != 0 }) {
        throw damaged(
          at: start + other, "another archive, or something else, follows the mark of its end: list each by itself")
      }
    }
  }

  private func read(_ records: [String: [UInt8]], into known: inout Extension, at start: Int) throws {
    known.name = records["path"] ?? known.name
    guard let digits = records["size"] else { return }
    let text = String(decoding: digits, as: UTF8.self)
    guard let number = Int(text), number >= 0 else { throw damaged(at: start, "'\(text)' is no size") }
    known.size = number
  }

  private func content(_ offset: Int, _ count: Int, at start: Int) throws -> [UInt8] {
    guard count <= Self.longestExtension else { throw damaged(at: start, "an extended header of \(count) bytes") }
    return try file.read(at: offset, count: count)
  }

  /// The records of a pax header: `25 path=some/long/name\n`, whose number counts all bytes of the record.
  private func records(_ offset: Int, _ count: Int, at start: Int) throws -> [String: [UInt8]] {
    var rest = try content(offset, count, at: start)[...]
    var records: [String: [UInt8]] = [:]
    while !rest.isEmpty {
      let digits = rest.prefix { $0 != UInt8(ascii: " ") }
      guard let length = Int(String(decoding: digits, as: UTF8.self)), length > digits.count + 1, length <= rest.count
      else { throw damaged(at: start, "a pax header that is malformed") }
      let record = rest.prefix(length).dropFirst(digits.count + 1)
      guard let equals = record.firstIndex(of: UInt8(ascii: "=")), record.last == UInt8(ascii: "\n") else {
        throw damaged(at: start, "a pax header that is malformed")
      }
      let value = record[(equals + 1)...].dropLast()
      records[String(decoding: record[..<equals], as: UTF8.self)] = Array(value)
      rest = rest.dropFirst(length)
    }
    return records
  }

  private func damaged(at offset: Int, _ what: String) -> Failure {
    Failure(.badData, "\(file.path): is a damaged tar archive: at byte \(offset), \(what)")
  }
}
