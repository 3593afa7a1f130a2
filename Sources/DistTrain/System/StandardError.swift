import Foundation

/// Lines on standard error. A reader that has gone, or a full disk, does not end the process.
package enum StandardError {
  /// Writes one line, in one piece even where several ranks write.
  package static func say(_ line: String) { write(line + "\n") }

  /// Writes text as it is.
  package static func write(_ text: String) {
    let bytes = Array(text.utf8)
    _ = Foundation.write(STDERR_FILENO, bytes, bytes.count)
  }

  /// From now on neither a reader of the output that goes away (SIGPIPE) nor a file that may grow no further (SIGXFSZ,
  /// as of `ulimit -f`) ends the process: the write fails and says why. Programs that it starts die of both as ever,
  /// because a handler, other than an ignored signal, does not pass on to them.
  package static func outliveFailedWrites() {
    for number in [SIGPIPE, SIGXFSZ] { signal(number) { _ in } }
  }

  /// Lets the three standard descriptors be open, so that no file that is opened later gets the number of one and with
  /// it what is printed. Writing to one that was closed still fails.
  package static func holdPlaces() {
    for descriptor: Int32 in 0...2 where fcntl(descriptor, F_GETFD) < 0 { _ = open("/dev/null", O_RDONLY) }
  }
}
