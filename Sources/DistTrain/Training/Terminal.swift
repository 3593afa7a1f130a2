import Foundation

/// Whether somebody watches standard output.
enum Terminal {
  /// Open MPI gives its ranks a terminal of their own and passes on what they write, so that there the launcher's own
  /// output counts: that of the parent process, on its host.
  static var isWatched: Bool {
    guard ProcessInfo.processInfo.environment["OMPI_COMM_WORLD_SIZE"] != nil else { return isatty(STDOUT_FILENO) == 1 }
    let descriptor = open("/proc/\(getppid())/fd/1", O_WRONLY | O_NOCTTY)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return isatty(descriptor) == 1
  }
}
