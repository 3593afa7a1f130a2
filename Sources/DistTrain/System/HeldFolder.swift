import Foundation

/// A folder that is open, and thus known under whatever name it gets.
final class HeldFolder: Sendable {
  private let descriptor: Int32
  private let device: dev_t
  private let number: ino_t

  /// - Throws: `Failure(.failed)` where the folder cannot be opened.
  init(_ path: String) throws {
    descriptor = try SystemCall.run(.read, path) { open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    var status = stat()
    fstat(descriptor, &status)
    (device, number) = (status.st_dev, status.st_ino)
  }

  deinit { _ = close(descriptor) }

  /// Whether a path names the folder; nil where the system does not tell.
  func isAt(_ path: String) -> Bool? {
    var status = stat()
    if stat(path, &status) == 0 { return status.st_dev == device && status.st_ino == number }
    return [ENOENT, ENOTDIR].contains(errno) ? false : nil
  }

  /// The path of the folder now; nil where it was removed, or the system does not tell.
  var path: String? {
    guard let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)"),
      isAt(path) == true
    else { return nil }
    return path
  }
}
