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
