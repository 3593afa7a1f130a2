import Synchronization

/// Files that appear whole or not at all: each is written beside its place under a name of its own, synced and then
/// renamed, so that of several writers the last one has the place.
package enum AtomicFile {
  /// Writes the bytes as the whole file at `path`.
  package static func write(_ bytes: [UInt8], to path: String) throws {
    try write(to: path) { try $0.write(bytes) }
  }

  /// Writes the text as the whole file at `path`.
  package static func write(_ text: String, to path: String) throws {
    try write(to: path) { try $0.write(text) }
  }

  /// Writes the file that `body` writes. A terminal, a pipe or a device is written directly, because renaming would
  /// replace it.
  /// - Returns: the SHA-256 of the bytes in hexadecimal.
  @discardableResult
  package static func write(to path: String, _ body: (OutputFile) throws -> Void) throws -> String {
    if FileSystem.isDevice(path) {
      let file = try OutputFile(path: path)
      try body(file)
      return try file.finish(syncing: false)
    }
    let file = try stage(path, body)
    try file.install()
    return file.digest
  }

  /// Writes the file that `body` writes, which gets its name later. What killed processes left in the folder goes first.
  package static func stage(_ path: String, _ body: (OutputFile) throws -> Void) throws -> StagedFile {
    let folder = FileSystem.folder(of: path)
    if tidied.withLock({ $0.insert(folder).inserted }) { PartialName.removeFilesLeft(in: folder) }
    return try StagedFile(for: path, body)
  }

  /// The folders in which this process has looked for what others left; folders may have many files.
  private static let tidied = Mutex<Set<String>>([])
}
