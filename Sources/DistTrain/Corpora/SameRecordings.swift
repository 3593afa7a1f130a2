import Foundation

/// Finds the files of some paths that are among others too, under another name or as a copy of the same bytes.
enum SameRecordings {
  /// The number of other files up to which they are compared. Beyond it, a shared file system would take minutes to
  /// tell their lengths.
  static let mostFiles = 100_000

  /// The bytes at the beginning of a file by which most files of one length are told apart.
  private static let start = 4096

  /// The system's record of a file.
  private struct File: Sendable {
    let path: String
    let identity: [UInt64]
    let bytes: Int

    init?(_ path: String) {
      var status = stat()
      guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
      self.path = path
      identity = [UInt64(status.st_dev), UInt64(status.st_ino)]
      bytes = Int(status.st_size)
    }
  }

  /// The files that are among the others; those that cannot be read count as not found.
  ///
  /// Files are told apart by their lengths, then by how they begin, and only those that are still alike by a checksum
  /// of all their bytes, so that each file is read once, however many are as long as it is.
  static func of(
    _ paths: [String], among others: [String], counting: @escaping CorpusOverlap.Counting
  ) -> [CorpusOverlap.Copy] {
    let files = Candidates(
      wanted: paths.concurrentMap { File($0) }.compactMap { $0 },
      known: others.concurrentMap { File($0) }.compactMap { $0 }, counting: counting)
    let linked = files.pairs { $0.identity }
    let names = Set(linked.map { Name($0.wanted.path) })
    let unlinked = files.wanted.filter { !names.contains(Name($0.path)) }
    let copies = Candidates(wanted: unlinked, known: files.known, counting: counting)
      .alike { $0.bytes }
      .alike { beginning($0) }
      .pairs { try? InputFile(path: $0.path).digestBytes() }
    return (linked + copies).map { CorpusOverlap.Copy(path: $0.wanted.path, original: $0.known.path) }
  }

  /// The length of a file and a checksum of its first bytes.
  private static func beginning(_ file: File) -> [UInt8]? {
    guard let bytes = try? InputFile(path: file.path).read(at: 0, count: min(file.bytes, start)) else { return nil }
    return bytes.withUnsafeBytes { SHA256.of($0) } + (0..<8).map { UInt8(truncatingIfNeeded: file.bytes >> (8 * $0)) }
  }
}
