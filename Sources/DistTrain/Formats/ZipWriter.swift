/// Writes files as they are into a zip archive of less than 4 GiB (PKWARE's APPNOTE, section 4.3), as PyTorch does:
/// the bytes of each begin at a multiple of 64.
struct ZipWriter {
  /// The error of an archive whose numbers are larger than its fields.
  struct TooLarge: Error {}

  private static let alignment = 64
  private static let localSize = 30
  /// The kind of an extra field that PyTorch fills up with.
  private static let filler = 0x4246
  /// 1 January 1980, so that the same files make the same archive.
  private static let date = 0x21

  private let file: OutputFile
  private var directory: [UInt8] = []
  private var entries = 0
  private var position = 0

  /// - Parameter file: an empty file.
  init(_ file: OutputFile) { self.file = file }

  /// Adds a file.
  /// - Parameter name: a name in ASCII, of fewer than 65,536 bytes.
  /// - Throws: `TooLarge`, or the file's own failure.
  mutating func add(_ name: String, _ bytes: UnsafeRawBufferPointer) throws {
    let (start, text) = (position, Array(name.utf8))
    let begin = start + Self.localSize + text.count + 4
    let filling = (Self.alignment - begin % Self.alignment) % Self.alignment
    guard entries < 0xFFFF, begin + filling + bytes.count < 0xFFFF_FFFF else { throw TooLarge() }
    let size = littleEndian(bytes.count, 4)
    // Version 2.0, no flags, stored, no time.
    let head =
      littleEndian(20, 2) + littleEndian(0, 6) + littleEndian(Self.date, 2) + littleEndian(Int(CRC32.of(bytes)), 4)
      + size
      + size + littleEndian(text.count, 2)
    let extra = littleEndian(Self.filler, 2) + littleEndian(filling, 2) + [UInt8](repeating: 0x5A, count: filling)
    try file.write([0x50, 0x4B, 3, 4] + head + littleEndian(extra.count, 2) + text + extra)
    try file.write(bytes)
    position = begin + filling + bytes.count
    directory += [0x50, 0x4B, 1, 2] + littleEndian(20, 2) + head + littleEndian(0, 12) + littleEndian(start, 4) + text
    entries += 1
  }

  mutating func add(_ name: String, _ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try add(name, $0) } }

  /// Writes the directory, which ends the archive.
  /// - Throws: as `add` does.
  func finish() throws {
    let start = position
    guard start + directory.count < 0xFFFF_FFFF else { throw TooLarge() }
    try file.write(directory)
    let count = littleEndian(entries, 2)
    let end = count + count + littleEndian(directory.count, 4) + littleEndian(start, 4)
    try file.write([0x50, 0x4B, 5, 6] + littleEndian(0, 4) + end + littleEndian(0, 2))
  }
}
