import Foundation

/// The terminal that standard output and standard error may be.
package enum Terminal {
  /// Whether somebody watches standard output.
  package static var isWatched: Bool { isWatched(STDOUT_FILENO) }

  /// Whether somebody watches standard output or standard error. An mpirun gives its ranks a terminal of their own, or
  /// pipes, and passes on what they write, so there the output of the launcher counts, which is a process on its host.
  package static func isWatched(_ stream: Int32) -> Bool {
    guard let launcher else { return isatty(stream) == 1 }
    let descriptor = open("/proc/\(launcher)/fd/\(stream)", O_WRONLY | O_NOCTTY)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return isatty(descriptor) == 1
  }

  /// The process that started this one on its host: Open MPI's mpirun is its parent, MPICH's the parent of a helper
  /// (hydra_pmi_proxy) that is. nil under another launcher and without one.
  private static var launcher: Int32? {
    switch JobLauncher(ProcessInfo.processInfo.environment) {
    case .openMPI: getppid()
    case .hydra: ProcessStatus(of: getppid())?.parent
    default: nil
    }
  }
}
