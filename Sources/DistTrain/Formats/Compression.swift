/// Compressed files, which svdist does not read, by their first bytes.
enum Compression {
  /// The number of first bytes by which all kinds are known.
  static let markCount = 10

  private static let kinds: [(name: String, mark: [UInt8], command: String)] = [
    ("gzip", [0x1F, 0x8B], "gunzip"), ("xz", [0xFD, 0x37, 0x7A, 0x58, 0x5A], "unxz"),
    ("zstd", [0x28, 0xB5, 0x2F, 0xFD], "unzstd"), ("zip", [0x50, 0x4B, 0x03, 0x04], "unzip"),
  ]

  /// The compression of a file that begins with these bytes, with the way to unpack it; nil where it is not compressed.
  static func remedy(_ start: some Collection<UInt8>) -> String? {
    let kind = kinds.first { start.starts(with: $0.mark) }.map { ($0.name, $0.command) }
    return (kind ?? (isBzip2(start) ? ("bzip2", "bunzip2") : nil)).map { name, command in
      "is compressed with \(name): unpack it first (\(command))"
    }
  }

  /// Whether the bytes are `BZh`, the size of blocks as a digit, and the mark of the first block. A name in a list may
  /// begin with BZh too.
  private static func isBzip2(_ start: some Collection<UInt8>) -> Bool {
    guard start.starts(with: "BZh".utf8), let size = start.dropFirst(3).first else { return false }
    return (UInt8(ascii: "1")...UInt8(ascii: "9")).contains(size) && start.dropFirst(4).starts(with: "1AY&SY".utf8)
  }
}
