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
    let size = Self.little(bytes.count, 4)
    // Version 2.0, no flags, stored, no time.
    let head =
      Self.little(20, 2) + Self.little(0, 6) + Self.little(Self.date, 2) + Self.little(Int(CRC32.of(bytes)), 4) + size
      + size + Self.little(text.count, 2)
    let extra = Self.little(Self.filler, 2) + Self.little(filling, 2) + [UInt8](repeating: 0x5A, count: filling)
    try file.write([0x50, 0x4B, 3, 4] + head + Self.little(extra.count, 2) + text + extra)
    try file.write(bytes)
    position = begin + filling + bytes.count
    directory += [0x50, 0x4B, 1, 2] + Self.little(20, 2) + head + Self.little(0, 12) + Self.little(start, 4) + text
    entries += 1
  }

  mutating func add(_ name: String, _ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try add(name, $0) } }

  /// Writes the directory, which ends the archive.
  /// - Throws: as `add` does.
  func finish() throws {
    let start = position
    guard start + directory.count < 0xFFFF_FFFF else { throw TooLarge() }
    try file.write(directory)
    let count = Self.little(entries, 2)
    let end = count + count + Self.little(directory.count, 4) + Self.little(start, 4)
    try file.write([0x50, 0x4B, 5, 6] + Self.little(0, 4) + end + Self.little(0, 2))
  }

  private static func little(_ number: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }
}
