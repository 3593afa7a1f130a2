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
  /// The others are taken away before the first changes, and come back after it: nobody who looks for one of them then
  /// finds one that tells of another first. Of several writers each takes its turn, where the file system has locks.
  package static func install(together files: [StagedFile]) throws {
    guard let first = files.first else { return }
    let folder = FileSystem.folder(of: first.path)
    do {
      let turn = try FolderTurn(folder)
      defer { turn.end() }
      for file in files.dropFirst().reversed() { try FileSystem.remove(file.path) }
      for file in files { try file.rename() }
    } catch {
      for file in files { file.discard() }
      throw error
    }
    try FileSystem.syncFolder(folder)
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
