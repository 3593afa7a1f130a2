/// A file as `torch.save` writes it, put together byte by byte: a zip archive of a pickle and of storages.
package struct TorchArchive {
  package typealias File = (name: String, bytes: [UInt8])

  package var files: [File]
  /// Whether sizes and places stand in fields of 64 bits.
  package var isWide = false
  /// How every file is said to be compressed; 0 is not at all.
  package var method = 0
  /// The bits of every file's flags.
  package var flags = 0
  package var comment: [UInt8] = []

  package init(_ files: [File]) { self.files = files }

  /// - Parameter storages: the bytes of each storage by its key.
  package init(pickle: [UInt8], storages: [String: [UInt8]]) {
    let data = storages.sorted { $0.key < $1.key }.map { (name: "a/data/\($0.key)", bytes: $0.value) }
    files = [("a/data.pkl", pickle), ("a/byteorder", Array("little".utf8))] + data + [("a/version", Array("3\n".utf8))]
  }

  package static func little(_ number: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }

  /// All bytes of the file.
  package var bytes: [UInt8] {
    var archive: [UInt8] = []
    var directory: [UInt8] = []
    for file in files {
      let start = archive.count
      let name = Array(file.name.utf8)
      // PyTorch lets the bytes begin at a multiple of 64, by a field that says nothing.
      let padding = (64 - (start + 34 + name.count) % 64) % 64
      let extra = Self.little(0x4246, 2) + Self.little(padding, 2) + [UInt8](repeating: 0x5A, count: padding)
      let size = Self.little(file.bytes.count, 4)
      let head = Self.little(20, 2) + Self.little(flags, 2) + Self.little(method, 2) + [0, 0, 0, 0, 0, 0, 0, 0]
      archive += [0x50, 0x4B, 3, 4] + head + (flags & 8 == 0 ? size + size : [UInt8](repeating: 0, count: 8))
      archive += Self.little(name.count, 2) + Self.little(extra.count, 2) + name + extra + file.bytes
      if flags & 8 != 0 { archive += [0x50, 0x4B, 7, 8, 0, 0, 0, 0] + size + size }
      let full = [UInt8](repeating: 0xFF, count: 4)
      let wide = Self.little(file.bytes.count, 8) + Self.little(file.bytes.count, 8) + Self.little(start, 8)
      let own = isWide ? Self.little(1, 2) + Self.little(wide.count, 2) + wide : []
      directory += [0x50, 0x4B, 1, 2, 20, 0] + head + (isWide ? full + full : size + size)
      directory += Self.little(name.count, 2) + Self.little(own.count, 2) + [UInt8](repeating: 0, count: 10)
      directory += (isWide ? full : Self.little(start, 4)) + name + own
    }
    return archive + directory + end(directory: directory.count, at: archive.count)
  }

  /// The records that end an archive.
  private func end(directory: Int, at start: Int) -> [UInt8] {
    var end: [UInt8] = []
    if isWide {
      end += [0x50, 0x4B, 6, 6] + Self.little(44, 8) + [45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]
      end +=
        Self.little(files.count, 8) + Self.little(files.count, 8) + Self.little(directory, 8) + Self.little(start, 8)
      end += [0x50, 0x4B, 6, 7, 0, 0, 0, 0] + Self.little(start + directory, 8) + [1, 0, 0, 0]
    }
    end += [0x50, 0x4B, 5, 6, 0, 0, 0, 0] + Self.little(files.count, 2) + Self.little(files.count, 2)
    end += isWide ? [UInt8](repeating: 0xFF, count: 8) : Self.little(directory, 4) + Self.little(start, 4)
    return end + Self.little(comment.count, 2) + comment
  }
}
