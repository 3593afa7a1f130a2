import Foundation

/// A process's turn to give a file its name together with others; without locks of the file system, or where another
/// one's turn takes seconds, everybody's.
///
/// The lock is on a hidden file beside that one, for as long as the turn: NFS locks only what is open for writing,
/// which a folder cannot be.
struct WritersTurn {
  /// Seconds for which a turn is waited.
  private static let patience = 5.0

  private let path: String
  private let descriptor: Int32

  /// - Throws: `Failure(.stopped)` where a signal asks for a stop while another process has its turn.
  init(_ file: String) throws {
    path = PartialName.fixed(for: file, suffix: "turn")
    let began = monotonicSeconds()
    var descriptor = Self.take(path)
    while [-EWOULDBLOCK, -EINTR].contains(descriptor), monotonicSeconds() - began < Self.patience {
      try StopRequest.check(waitingFor: "another process that writes \(file)")
      usleep(10_000)
      descriptor = Self.take(path)
    }
    self.descriptor = descriptor
  }

  func end() {
    guard descriptor >= 0 else { return }
    unlink(path)
    _ = close(descriptor)
  }

  /// Locks the file, which is made where it is not there.
  /// - Returns: its descriptor; where another process has it, or nobody can, the negative number of the error.
  private static func take(_ path: String) -> Int32 {
    let descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { return -errno }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let number = errno
      _ = close(descriptor)
      if ![EWOULDBLOCK, EINTR].contains(number) { unlink(path) }
      return -number
    }
    // Whoever had the turn before may have removed the file since it was opened.
    guard isNamed(path, descriptor) else {
      _ = close(descriptor)
      return -EWOULDBLOCK
    }
    return descriptor
  }

  private static func isNamed(_ path: String, _ descriptor: Int32) -> Bool {
    var (named, opened) = (stat(), stat())
    return lstat(path, &named) == 0 && fstat(descriptor, &opened) == 0 && named.st_ino == opened.st_ino
      && named.st_dev == opened.st_dev
  }
}
