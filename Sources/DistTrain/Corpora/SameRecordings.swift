import Foundation

/// Finds the files of some paths that are among others too, under another name or as a copy of the same bytes.
enum SameRecordings {
  /// The number of other files up to which they are compared. Beyond it, a shared file system would take minutes to tell
  /// their lengths.
  static let mostFiles = 100_000

  /// The bytes at the beginning of a file by which most files of one length are told apart.
  private static let start = 4096

  /// What the system knows of a file.
  private struct File {
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

  /// The paths of the files that are among the others; those that cannot be read count as not found.
  ///
  /// Files are told apart by their lengths, then by how they begin, and only those that are still alike by a checksum of
  /// all their bytes, so that each file is read once, however many are as long as it is.
  static func of(_ paths: [String], among others: [String]) -> [String] {
    let wanted = paths.concurrentMap { File($0) }.compactMap { $0 }
    let known = others.concurrentMap { File($0) }.compactMap { $0 }
    let identities = Set(known.map(\.identity))
    let linked = wanted.filter { identities.contains($0.identity) }
    var pair = (wanted.filter { !identities.contains($0.identity) }, known)
    pair = alike(pair.0, pair.1) { $0.bytes }
    pair = alike(pair.0, pair.1) { beginning($0) }
    pair = alike(pair.0, pair.1) { try? InputFile(path: $0.path).digestBytes() }
    let found = Set((linked + pair.0).map { Name($0.path) })
    return paths.filter { found.contains(Name($0)) }
  }

  /// The files of either side whose mark a file of the other side has too.
  /// - Parameter mark: the mark of a file, found once for each; nil for a file that cannot be read.
  private static func alike<Mark: Hashable & Sendable>(
    _ wanted: [File], _ known: [File], by mark: @Sendable (File) -> Mark?
  ) -> ([File], [File]) {
    guard !wanted.isEmpty, !known.isEmpty else { return ([], []) }
    let marks = (wanted.concurrentMap(mark), known.concurrentMap(mark))
    let shared = Set(marks.0.compactMap { $0 }).intersection(marks.1.compactMap { $0 })
    func kept(_ files: [File], _ marks: [Mark?]) -> [File] {
      zip(files, marks).filter { $1.map(shared.contains) ?? false }.map(\.0)
    }
    return (kept(wanted, marks.0), kept(known, marks.1))
  }

  /// The length of a file and a checksum of its first bytes.
  private static func beginning(_ file: File) -> [UInt8]? {
    guard let bytes = try? InputFile(path: file.path).read(at: 0, count: min(file.bytes, start)) else { return nil }
    return bytes.withUnsafeBytes { SHA256.of($0) } + (0..<8).map { UInt8(truncatingIfNeeded: file.bytes >> (8 * $0)) }
  }
}
