/// Goes through the files of a tar archive: ustar, with the long names of pax (POSIX.1-2001) and GNU. Every length and
/// offset is checked against the length of the archive.
struct TarReader {
  struct Member: Equatable {
    let name: String
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
    if let what = Compression.remedy(try file.read(at: 0, count: min(file.bytes, 8))) {
      throw Failure(.badData, "\(path): \(what)")
    }
  }

  /// The next file, or nil at the end of the archive.
  /// - Throws: `Failure(.badData)` that names the archive, the place and what is wrong there.
  mutating func next() throws -> Member? {
    var name: String?
    var size: Int?
    while true {
      let start = position
      guard start + TarHeader.byteCount <= file.bytes else {
        throw damaged(at: start, "it ends without the mark of its end: it was cut off, or never written to the end")
      }
      let block = try file.read(at: start, count: TarHeader.byteCount)
      if block.allSatisfy({ $0 == 0 }) {
        guard name == nil, size == nil else { throw damaged(at: start, "a long name without its member") }
        return nil
      }
      let header: TarHeader
      do { header = try TarHeader(block) } catch { throw damaged(at: start, error.message) }
      let isExtension = ["x", "g", "L", "K"].contains(Character(UnicodeScalar(header.type)))
      let count = isExtension ? header.size : size ?? header.size
      let offset = start + TarHeader.byteCount
      guard count <= file.bytes - offset else {
        throw damaged(at: start, "'\(header.name)' has \(count) bytes, \(file.bytes - offset) are there")
      }
      position = offset + (count + 511) / 512 * 512
      switch header.type {
      case UInt8(ascii: "x"):
        let records = try self.records(offset, count, at: start)
        name = records["path"] ?? name
        if let text = records["size"] {
          guard let number = Int(text), number >= 0 else { throw damaged(at: start, "'\(text)' is no size") }
          size = number
        }
      case UInt8(ascii: "L"):
        name = String(decoding: try content(offset, count, at: start).prefix { $0 != 0 }, as: UTF8.self)
      case UInt8(ascii: "S"): throw damaged(at: start, "'\(header.name)' is a sparse file, which svdist does not read")
      case _ where header.isFile: return Member(name: name ?? header.name, offset: offset, count: count)
      case _ where isExtension: break
      default: (name, size) = (nil, nil)
      }
    }
  }

  private func content(_ offset: Int, _ count: Int, at start: Int) throws -> [UInt8] {
    guard count <= Self.longestExtension else { throw damaged(at: start, "an extended header of \(count) bytes") }
    return try file.read(at: offset, count: count)
  }

  /// The records of a pax header: `25 path=some/long/name\n`, whose number counts all bytes of the record.
  private func records(_ offset: Int, _ count: Int, at start: Int) throws -> [String: String] {
    var rest = try content(offset, count, at: start)[...]
    var records: [String: String] = [:]
    while !rest.isEmpty {
      let digits = rest.prefix { $0 != UInt8(ascii: " ") }
      guard let length = Int(String(decoding: digits, as: UTF8.self)), length > digits.count + 1, length <= rest.count
      else { throw damaged(at: start, "a pax header that is malformed") }
      let record = rest.prefix(length).dropFirst(digits.count + 1)
      guard let equals = record.firstIndex(of: UInt8(ascii: "=")), record.last == UInt8(ascii: "\n") else {
        throw damaged(at: start, "a pax header that is malformed")
      }
      let value = record[(equals + 1)...].dropLast()
      records[String(decoding: record[..<equals], as: UTF8.self)] = String(decoding: value, as: UTF8.self)
      rest = rest.dropFirst(length)
    }
    return records
  }

  private func damaged(at offset: Int, _ what: String) -> Failure {
    Failure(.badData, "\(file.path): is a damaged tar archive: at byte \(offset), \(what)")
  }
}
