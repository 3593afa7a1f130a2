import Foundation

/// A file that lies whole on the disk, beside its place, and has not got its name yet.
package struct StagedFile {
  /// The name that it is to get; of a link, the name that this leads to.
  package let path: String
  /// The SHA-256 of its bytes in hexadecimal.
  package let digest: String
  private let partial: String

  /// Writes the file that `body` writes, under a name of its own, with the permissions of the file whose place it takes.
  /// - Throws: what `body` throws, or `Failure(.failed)`; then nothing of it stays.
  package init(for path: String, _ body: (OutputFile) throws -> Void) throws {
    let path = FileSystem.isLink(path) ? FileSystem.resolved(path) : path
    self.path = path
    partial = PartialName.make(for: path)
    UnfinishedWork.begin(partial)
    do {
      let file = try OutputFile(creating: partial, like: path)
      try body(file)
      digest = try file.finish()
    } catch {
      unlink(partial)
      UnfinishedWork.end(partial)
      throw error
    }
  }

  /// Gives it its name, in place of an older file. The last of several writers has the name, with its whole file.
  package func install() throws {
    try UnfinishedWork.finish(path) { try rename() }
    try FileSystem.syncFolder(FileSystem.folder(of: path))
  }

  /// Removes it, unless it has its name already.
  package func discard() {
    unlink(partial)
    UnfinishedWork.end(partial)
  }

  /// Gives files of one folder their names. All files but the first say what is in the first.
  ///
  /// The others are set aside before the first changes, and have successors after it: nobody who looks for one of them
  /// finds one that belongs to another first file. Where the first cannot change they come back. Of several writers
  /// each takes its turn, where the file system has locks.
  /// - Throws: `Failure(.failed)`; then nothing new has a name, or the first does and those after it that could have
  ///   one.
  package static func install(together files: [StagedFile]) throws {
    guard let first = files.first else { return }
    do {
      let turn = try WritersTurn(first.path)
      defer { turn.end() }
      try UnfinishedWork.finish(first.path) { try replace(first, with: files.dropFirst()) }
    } catch {
      for file in files { file.discard() }
      throw error
    }
    try FileSystem.syncFolder(FileSystem.folder(of: first.path))
  }

  private static func replace(_ first: StagedFile, with others: ArraySlice<StagedFile>) throws {
    var aside: [(path: String, place: String)] = []
    do {
      for file in others.reversed() where FileSystem.isThere(file.path) {
        aside.append((try setAside(file.path), file.path))
      }
      try first.rename()
    } catch {
      for old in aside.reversed() { try? FileSystem.rename(old.path, to: old.place) }
      throw error
    }
    // They tell of what is no more.
    for old in aside { unlink(old.path) }
    for file in others { try file.rename() }
  }

  /// Takes a file's name away.
  /// - Returns: the name that it has instead, which is tidied away should this process be killed.
  private static func setAside(_ path: String) throws -> String {
    guard !FileSystem.isFolder(path) else {
      throw Failure(.failed, "\(path) is a folder where a file is to be written")
    }
    let aside = PartialName.make(for: path)
    try FileSystem.rename(path, to: aside)
    return aside
  }

  private func rename() throws {
    do {
      try FileSystem.rename(partial, to: path)
      UnfinishedWork.end(partial)
    } catch {
      discard()
      throw error
    }
  }
}
