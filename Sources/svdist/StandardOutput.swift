import DistTrain
@preconcurrency import Glibc

/// The output of a command, and whether it arrived.
enum StandardOutput {
  /// Hands everything printed to the system.
  /// - Throws: `Failure(.failed)` where that cannot be written, now or before: the disk is full, or the reader has
  ///   gone.
  static func check() throws {
    let isFlushed = fflush(stdout) == 0
    let number = errno
    guard !isFlushed || ferror(stdout) != 0 else { return }
    let reason = isFlushed ? "a part of it was refused" : String(cString: strerror(number))
    throw Failure(
      .failed, "cannot write the results to standard output: \(reason): is its disk full, or its reader gone?")
  }
}
