import Foundation

/// A file that lies whole on the disk, beside its place, and has not got its name yet.
package struct StagedFile {
  /// The name that it is to get.
  package let path: String
  /// The SHA-256 of its bytes in hexadecimal.
  package let digest: String
  private let partial: String

  /// Writes the file that `body` writes, under a name of its own.
  /// - Throws: what `body` throws, or `Failure(.failed)`; then nothing of it stays.
  package init(for path: String, _ body: (OutputFile) throws -> Void) throws {
    self.path = path
    partial = PartialName.make(for: path)
    do {
      let file = try OutputFile(creating: partial)
      try body(file)
      digest = try file.finish()
    } catch {
      try? FileSystem.remove(partial)
      throw error
    }
  }

  /// Gives it its name, in place of an older file. The last of several writers has the name, with its whole file.
  package func install() throws {
    try rename()
    try FileSystem.syncFolder(FileSystem.folder(of: path))
  }

  /// Removes it, unless it has its name already.
  package func discard() { try? FileSystem.remove(partial) }

  /// Gives files of one folder their names, of which all others tell of the first.
  ///
  /// The older others are taken away before the first changes, and the new ones come after it: nobody who looks for one
  /// of them then finds one that tells of another first. Where the first cannot get its name, the older others come back.
  /// Of several writers each takes its turn, where the file system has locks.
  package static func install(together files: [StagedFile]) throws {
    guard let first = files.first else { return }
    let folder = FileSystem.folder(of: first.path)
    let lock = FolderTurn(folder)
    defer { lock.end() }
    var older: [String] = []
    do {
      older = try first.rename(without: files.dropFirst().map(\.path))
      for file in files.dropFirst() { try file.rename() }
    } catch {
      for file in files { file.discard() }
      for path in older { try? FileSystem.remove(path) }
      throw error
    }
    for path in older { try FileSystem.remove(path) }
    try FileSystem.syncFolder(folder)
  }

  /// Gives the file its name while the files at these paths are away.
  /// - Returns: the names under which those that were there lie now.
  /// - Throws: `Failure(.failed)`; then they are back in their places.
  private func rename(without others: [String]) throws -> [String] {
    var moved: [(path: String, to: String)] = []
    do {
      for path in others.reversed() where FileSystem.exists(path) {
        let name = PartialName.make(for: path)
        try FileSystem.rename(path, to: name)
        moved.append((path, name))
      }
      try rename()
    } catch {
      for (path, name) in moved.reversed() { try? FileSystem.rename(name, to: path) }
      throw error
    }
    return moved.map(\.to)
  }

  private func rename() throws {
    do {
      try FileSystem.rename(partial, to: path)
    } catch {
      discard()
      throw error
    }
  }
}

/// A process's turn to rename files of a folder; without locks of the file system, or where another one's turn takes
/// seconds, everybody's.
private struct FolderTurn {
  /// Seconds for which a turn is waited.
  private static let patience = 5.0

  private let descriptor: Int32

  /// - Throws: `Failure(.stopped)` where a signal asks for a stop while another process has its turn.
  init(_ folder: String) throws {
    descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    let began = monotonicSeconds()
    while flock(descriptor, LOCK_EX | LOCK_NB) < 0, [EWOULDBLOCK, EINTR].contains(errno),
      monotonicSeconds() - began < Self.patience
    {
      do {
        try StopRequest.check(waitingFor: "another process that writes to \(folder)")
      } catch {
        end()
        throw error
      }
      usleep(10_000)
    }
  }

  func end() { if descriptor >= 0 { _ = close(descriptor) } }
}
