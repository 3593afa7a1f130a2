/// Files that are there whole or not at all: written beside their place, synced, then renamed.
package enum AtomicFile {
  package static func write(_ bytes: [UInt8], to path: String) throws {
    try write(to: path) { try $0.write(bytes) }
  }

  package static func write(_ text: String, to path: String) throws {
    try write(to: path) { try $0.write(text) }
  }

  /// Writes what `body` writes. A terminal, a pipe or a device is written directly: renaming would replace it.
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
