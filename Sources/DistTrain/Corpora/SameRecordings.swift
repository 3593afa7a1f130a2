import Foundation

/// Finds the files of some paths that are among others too, under another name or as a copy of the same bytes.
struct SameRecordings {
  /// The number of other files up to which they are compared. Beyond it, a shared file system would take minutes to tell
  /// their lengths.
  static let mostFiles = 100_000

  /// What the system knows of a file.
  private struct File {
    let identity: [UInt64]
    let bytes: Int

    init?(_ path: String) {
      var status = stat()
      guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
      identity = [UInt64(status.st_dev), UInt64(status.st_ino)]
      bytes = Int(status.st_size)
    }
  }

  private let identities: Set<[UInt64]>
  /// The paths of the others by their lengths, as far as one of the wanted files is as long.
  private let ofLength: [Int: [String]]

  /// - Parameters:
  ///   - paths: the files to find.
  ///   - others: the files among which to look.
  private init(_ paths: [String], among others: [String]) {
    let lengths = Set(paths.concurrentMap { File($0)?.bytes }.compactMap { $0 })
    var identities: Set<[UInt64]> = []
    var ofLength: [Int: [String]] = [:]
    for (path, file) in zip(others, others.concurrentMap { File($0) }) {
      guard let file else { continue }
      identities.insert(file.identity)
      if lengths.contains(file.bytes) { ofLength[file.bytes, default: []].append(path) }
    }
    self.identities = identities
    self.ofLength = ofLength
  }

  /// The paths of the files that are among the others; those that cannot be read count as not found.
  static func of(_ paths: [String], among others: [String]) -> [String] {
    let search = SameRecordings(paths, among: others)
    return zip(paths, paths.concurrentMap { search.holds($0) }).filter(\.1).map(\.0)
  }

  private func holds(_ path: String) -> Bool {
    guard let file = File(path) else { return false }
    if identities.contains(file.identity) { return true }
    guard let candidates = ofLength[file.bytes], let digest = try? InputFile(path: path).digestBytes() else {
      return false
    }
    return candidates.contains { (try? InputFile(path: $0).digestBytes()) == digest }
  }
}
