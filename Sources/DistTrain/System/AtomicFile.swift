import Foundation
import Synchronization

/// Files that appear whole or not at all: each is written beside its place under a name of its own, synced and then
/// renamed, so that of several writers the last one has the place.
package enum AtomicFile {
  /// Checks, before the work whose result they are to hold, that files can be written.
  /// - Parameters:
  ///   - paths: the file that a user names, then those that are written beside it.
  ///   - contents: the word for what the file holds, such as `scores`.
  ///   - isSuch: whether a file holds that already, and may thus be replaced.
  /// - Throws: `Failure(.usage)` where a folder has one of the names, where there is no folder for them that takes new
  ///   files, or where the user's file is there and holds something else.
  package static func check(_ paths: [String], for contents: String, _ isSuch: (InputFile) -> Bool) throws {
    guard let path = paths.first, !path.isEmpty else {
      throw Failure(.usage, "the name of the file for the \(contents) is empty: give one")
    }
    try FileSystem.checkOneLine(path)
    for place in paths where FileSystem.isFolder(place) || place.ends(with: "/") {
      throw Failure(.usage, "\(path): \(place) is a folder where a file is to be written: choose another name")
    }
    guard !FileSystem.isDevice(path) else { return }
    let folder = FileSystem.folder(of: path)
    guard FileSystem.isFolder(folder) else {
      throw Failure(.usage, "\(path): there is no folder \(folder): make it first")
    }
    guard access(folder, W_OK) == 0 else {
      throw Failure(.usage, "\(path): the folder \(folder) takes no new files: choose another one")
    }
    guard FileSystem.exists(path) else { return }
    if let file = try? InputFile(path: path), file.bytes == 0 || isSuch(file) { return }
    throw Failure(
      .usage, "\(path): is there and holds no \(contents); it would be lost: choose another name, or remove it")
  }

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

  /// Writes the file that `body` writes, which gets its name later. What killed processes left in the folder goes
  /// first.
  package static func stage(_ path: String, _ body: (OutputFile) throws -> Void) throws -> StagedFile {
    let folder = FileSystem.folder(of: path)
    if tidied.withLock({ $0.insert(folder).inserted }) { PartialName.removeFilesLeft(in: folder) }
    return try StagedFile(for: path, body)
  }

  /// The folders in which this process has looked for what others left; folders may have many files.
  private static let tidied = Mutex<Set<String>>([])
}
