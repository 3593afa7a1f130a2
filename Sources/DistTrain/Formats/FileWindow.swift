/// A file whose bytes are looked at one by one, most of them near the last ones.
final class FileWindow {
  let file: InputFile
  private var start = 0
  private var bytes: [UInt8] = []
  private static let length = 1 << 14

  init(_ file: InputFile) { self.file = file }

  /// - Parameter offset: is inside the file.
  /// - Throws: the file's failure where it cannot be read.
  func byte(at offset: Int) throws -> UInt8 {
    if offset < start || offset - start >= bytes.count {
      bytes = try file.read(at: offset, count: max(1, min(Self.length, file.bytes - offset)))
      start = offset
    }
    return bytes[offset - start]
  }
}
