/// A zip archive that is open for reading, as its central directory describes it (PKWARE, "APPNOTE.TXT: .ZIP File
/// Format Specification", version 6.3.10, section 4.3). Only entries that are stored as they are can be read.
struct ZipArchive: Sendable {
  /// The error of an archive that is not whole, or that has what is not read here.
  struct Malformed: Error {
    let what: String
  }

  /// What the directory says of a file in the archive.
  struct Entry: Sendable {
    let name: String
    let method: Int
    let isEncrypted: Bool
    let storedSize: Int
    let size: Int
    /// The offset of the entry's own header.
    let header: Int
  }

  /// The longest directory that is read, in bytes: more than a million names have none as long.
  private static let longestDirectory = 1 << 26
  private static let endSize = 22
  private static let locatorSize = 20
  private static let end64Size = 56
  private static let entrySize = 46
  private static let localSize = 30
  /// What stands in fields of 32 bits for numbers that lie elsewhere.
  private static let elsewhere = 0xFFFF_FFFF

  private let file: InputFile
  /// The entries by their names.
  let entries: [String: Entry]

  /// Reads the directory of an archive.
  /// - Throws: `Malformed`, or the file's own failure.
  init(of file: InputFile) throws {
    self.file = file
    let directory = try Self.directory(of: file)
    guard directory.count <= Self.longestDirectory else {
      throw Malformed(what: "its directory has \(directory.count) bytes")
    }
    let bytes = try file.read(at: directory.lowerBound, count: directory.count)
    var entries: [String: Entry] = [:]
    var rest = bytes[...]
    while !rest.isEmpty {
      let entry = try Self.entry(&rest, fileBytes: file.bytes)
      guard entries.updateValue(entry, forKey: entry.name) == nil else {
        throw Malformed(what: "it has two files \(entry.name)")
      }
    }
    self.entries = entries
  }

  /// The place of an entry's bytes in the file.
  /// - Throws: `Malformed` where the entry is compressed or encrypted, or reaches beyond the archive's end.
  func range(of entry: Entry) throws -> Range<Int> {
    guard entry.method == 0, !entry.isEncrypted, entry.storedSize == entry.size else {
      throw Malformed(
        what:
          "its file \(entry.name) is \(entry.isEncrypted ? "encrypted" : "compressed"), as PyTorch writes none: "
          + "load it there and save it again by torch.save")
    }
    guard entry.header <= file.bytes - Self.localSize else {
      throw Malformed(what: "the header of \(entry.name) is beyond its end")
    }
    let header = try file.read(at: entry.header, count: Self.localSize)
    guard header.starts(with: [0x50, 0x4B, 3, 4]) else {
      throw Malformed(what: "there is no header where \(entry.name) should begin")
    }
    // The local header may have other fields behind the name than the directory: PyTorch aligns the bytes by them.
    let start = entry.header + Self.localSize + Int(header[26..<28].littleEndian) + Int(header[28..<30].littleEndian)
    guard start <= file.bytes, entry.size <= file.bytes - start else {
      throw Malformed(what: "the \(entry.size) bytes of \(entry.name) reach beyond its end")
    }
    return start..<start + entry.size
  }

  /// The bytes of an entry.
  func contents(of entry: Entry) throws -> [UInt8] {
    let range = try range(of: entry)
    return try file.read(at: range.lowerBound, count: range.count)
  }
}

extension ZipArchive {
  /// The place of the central directory.
  private static func directory(of file: InputFile) throws -> Range<Int> {
    // A comment of up to 65,535 bytes may follow the record that ends the archive.
    let tail = try file.read(at: max(0, file.bytes - endSize - 0xFFFF), count: min(file.bytes, endSize + 0xFFFF))
    let places = stride(from: tail.count - endSize, through: 0, by: -1)
    guard
      let place = places.first(where: {
        tail[$0...].starts(with: [0x50, 0x4B, 5, 6])
          && Int(tail[$0 + 20..<$0 + 22].littleEndian) == tail.count - endSize - $0
      })
    else { throw Malformed(what: "it ends without its directory, so that a part of it is missing") }
    let end = tail[place..<place + endSize]
    let (size, offset) =
      try fields64(of: file, before: file.bytes - tail.count + place) ?? (
        end[(place + 12)..<(place + 16)].littleEndian, end[(place + 16)..<(place + 20)].littleEndian
      )
    guard offset <= UInt64(file.bytes), size <= UInt64(file.bytes) - offset else {
      throw Malformed(what: "its directory of \(size) bytes at byte \(offset) is not inside the file")
    }
    return Int(offset)..<Int(offset + size)
  }

  /// The directory's size and offset as the records of large archives give them; nil where there are none before the
  /// record that ends the archive.
  private static func fields64(of file: InputFile, before end: Int) throws -> (size: UInt64, offset: UInt64)? {
    guard end >= locatorSize else { return nil }
    let locator = try file.read(at: end - locatorSize, count: locatorSize)
    guard locator.starts(with: [0x50, 0x4B, 6, 7]) else { return nil }
    let offset = locator[8..<16].littleEndian
    guard file.bytes >= end64Size, offset <= UInt64(file.bytes - end64Size) else {
      throw Malformed(what: "the record of its directory is not inside the file")
    }
    let record = try file.read(at: Int(offset), count: end64Size)
    guard record.starts(with: [0x50, 0x4B, 6, 6]) else {
      throw Malformed(what: "there is no record of its directory where one should be")
    }
    return (record[40..<48].littleEndian, record[48..<56].littleEndian)
  }

  /// Reads an entry at the beginning of the directory's rest, and moves on to the next.
  private static func entry(_ rest: inout ArraySlice<UInt8>, fileBytes: Int) throws -> Entry {
    let fields = Array(rest.prefix(entrySize))
    guard fields.count == entrySize, fields.starts(with: [0x50, 0x4B, 1, 2]) else {
      throw Malformed(what: "its directory has something else where an entry should be")
    }
    func number(_ offset: Int, bytes: Int) -> Int { Int(fields[offset..<offset + bytes].littleEndian) }
    let lengths = [number(28, bytes: 2), number(30, bytes: 2), number(32, bytes: 2)]
    guard rest.count >= entrySize + lengths.reduce(0, +) else { throw Malformed(what: "its directory is cut off") }
    let name = rest.dropFirst(entrySize).prefix(lengths[0])
    let extra = rest.dropFirst(entrySize + lengths[0]).prefix(lengths[1])
    rest = rest.dropFirst(entrySize + lengths.reduce(0, +))
    // Those that the extra field has instead, in this order.
    var numbers = [number(24, bytes: 4), number(20, bytes: 4), number(42, bytes: 4)]
    var wide = extended(extra)
    for index in numbers.indices where numbers[index] == elsewhere {
      let next = wide.prefix(8)
      wide = wide.dropFirst(8)
      guard next.count == 8, next.littleEndian <= UInt64(fileBytes) else {
        throw Malformed(what: "a number of its file \(String(decoding: name, as: UTF8.self)) is not inside the file")
      }
      numbers[index] = Int(next.littleEndian)
    }
    return Entry(
      name: String(decoding: name, as: UTF8.self), method: number(10, bytes: 2),
      isEncrypted: number(8, bytes: 2) & 1 == 1, storedSize: numbers[1], size: numbers[0], header: numbers[2])
  }

  /// The numbers of 64 bits among the extra fields of an entry (4.5.3); none where there are none.
  private static func extended(_ extra: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var rest = extra
    while rest.count >= 4 {
      let (kind, length) = (rest.prefix(2).littleEndian, Int(rest.dropFirst(2).prefix(2).littleEndian))
      if kind == 1 { return rest.dropFirst(4).prefix(length) }
      rest = rest.dropFirst(4 + length)
    }
    return []
  }
}
