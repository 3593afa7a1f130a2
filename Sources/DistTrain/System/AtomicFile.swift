/// Files that appear whole or not at all: each is written beside its place, synced and then renamed.
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
    let folder = FileSystem.folder(of: path)
    let partial = folder + "/." + FileSystem.name(of: path) + ".partial"
    let digest: String
    do {
      let file = try OutputFile(path: partial)
      try body(file)
      digest = try file.finish()
      try FileSystem.rename(partial, to: path)
    } catch {
      try? FileSystem.remove(partial)
      throw error
    }
    try FileSystem.syncFolder(folder)
    return digest
  }
}
