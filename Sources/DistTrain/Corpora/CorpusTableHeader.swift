import Foundation

/// The first bytes of a `CorpusTable`'s file, which tell the format, the sizes and the lists that it was made from.
struct CorpusTableHeader: Equatable {
  static let byteCount = 288
  private static let magic = Array("svdist corpus 2\n".utf8)
  /// The place of the SHA-256 of all other bytes of the file.
  private static let digestPlace = 256..<288

  /// Whether the bytes begin as a file of any version of svdist does.
  static func isOfAnyVersion(_ bytes: UnsafeRawBufferPointer) -> Bool { bytes.starts(with: magic.prefix(14)) }

  /// The state of a list when the table was made from it.
  struct List: Equatable {
    /// The length of the list in bytes, or -1 where there was none.
    var bytes: Int64 = -1
    /// The time at which the list was last written to, in nanoseconds since 1970.
    var modified: Int64 = 0
    /// The 32 bytes of its SHA-256.
    var digest = [UInt8](repeating: 0, count: 32)
  }

  var sizes: CorpusTable.Sizes
  /// The states of wav.scp, utt2spk, segments and utt2dur, in this order.
  var lists: [List]

  /// Reads the header at the beginning of the bytes; nil where they begin otherwise.
  init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= Self.byteCount, bytes.starts(with: Self.magic) else { return nil }
    func number(_ offset: Int) -> Int64 {
      Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int64.self))
    }
    let counts = (0..<6).map { Int(number(16 + 8 * $0)) }
    sizes = CorpusTable.Sizes(
      utterances: counts[0], files: counts[1], speakers: counts[2], idBytes: counts[3], pathBytes: counts[4],
      nameBytes: counts[5])
    lists = (0..<4).map { list in
      let offset = 64 + 48 * list
      return List(
        bytes: number(offset), modified: number(offset + 8), digest: Array(bytes[offset + 16..<offset + 48]))
    }
  }

  init(sizes: CorpusTable.Sizes, lists: [List]) {
    precondition(lists.count == 4, "a data directory has four lists")
    self.sizes = sizes
    self.lists = lists
  }

  /// Whether the bytes of a whole file are those that were written.
  static func isWhole(_ bytes: UnsafeRawBufferPointer) -> Bool { bytes[digestPlace].elementsEqual(digest(bytes)) }

  private static func digest(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    var digest = SHA256()
    digest.update(UnsafeRawBufferPointer(rebasing: bytes[..<digestPlace.lowerBound]))
    digest.update(UnsafeRawBufferPointer(rebasing: bytes[digestPlace.upperBound...]))
    return digest.finish()
  }

  /// Writes the header at the beginning of a file's bytes, of which all others are there already.
  func write(to bytes: UnsafeMutableRawBufferPointer) {
    bytes.copyBytes(from: Self.magic)
    func put(_ number: Int64, at offset: Int) {
      bytes.storeBytes(of: number.littleEndian, toByteOffset: offset, as: Int64.self)
    }
    let counts = [
      sizes.utterances, sizes.files, sizes.speakers, sizes.idBytes, sizes.pathBytes, sizes.nameBytes,
    ]
    for (index, count) in counts.enumerated() { put(Int64(count), at: 16 + 8 * index) }
    for (index, list) in lists.enumerated() {
      let offset = 64 + 48 * index
      put(list.bytes, at: offset)
      put(list.modified, at: offset + 8)
      UnsafeMutableRawBufferPointer(rebasing: bytes[offset + 16..<offset + 48]).copyBytes(from: list.digest)
    }
    let digest = Self.digest(UnsafeRawBufferPointer(bytes))
    UnsafeMutableRawBufferPointer(rebasing: bytes[Self.digestPlace]).copyBytes(from: digest)
  }
}

extension CorpusTableHeader.List {
  /// Reads the present state of a list, without its digest.
  init(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return }
    bytes = Int64(status.st_size)
    // A file may have any time: one beyond the range of the number only has to differ from others.
    modified = Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec)
  }

  /// The state with the digest of the list's bytes.
  func digested(_ path: String) throws -> Self {
    guard bytes >= 0 else { return self }
    var list = self
    list.digest = try InputFile(path: path).digestBytes()
    return list
  }
}
