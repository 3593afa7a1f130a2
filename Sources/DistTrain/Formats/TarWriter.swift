/// Writes files into a tar archive: ustar, with pax headers for names that ustar cannot hold.
struct TarWriter {
  private let file: OutputFile
  private var position = 0

  init(_ file: OutputFile) {
    self.file = file
  }

  /// Adds a file.
  /// - Returns: the offset of its first byte in the archive.
  @discardableResult
  mutating func add(_ name: String, _ bytes: [UInt8]) throws -> Int {
    guard bytes.count < 1 << 33 else {
      throw Failure(.badData, "\(name): \(bytes.count) bytes are too many for a member of a tar archive")
    }
    if let header = TarHeader.block(name: name, size: bytes.count) {
      try put(header)
    } else {
      try addName(name)
      try put(TarHeader.block(name: "long-name", size: bytes.count)!)
    }
    let offset = position
    try put(bytes)
    return offset
  }

  /// Writes the mark of the archive's end.
  mutating func finish() throws {
    try put([UInt8](repeating: 0, count: 2 * TarHeader.byteCount))
  }

  /// Writes the pax header that gives the next file its name.
  private mutating func addName(_ name: String) throws {
    let record = " path=\(name)\n".utf8.count
    // The number counts its own digits.
    var length = record + 1
    while record + "\(length)".utf8.count != length { length += 1 }
    let content = Array("\(length) path=\(name)\n".utf8)
    try put(TarHeader.block(name: "pax-header", size: content.count, type: UInt8(ascii: "x"))!)
    try put(content)
  }

  /// Writes bytes, filled up to whole blocks with zeros.
  private mutating func put(_ bytes: [UInt8]) throws {
    try file.write(bytes)
    let rest = bytes.count % TarHeader.byteCount
    let filling = rest == 0 ? 0 : TarHeader.byteCount - rest
    try file.write([UInt8](repeating: 0, count: filling))
    position += bytes.count + filling
  }
}
