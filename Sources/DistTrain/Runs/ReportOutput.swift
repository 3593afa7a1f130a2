import Foundation

/// A descriptor to which a run writes what it tells of itself.
///
/// A missing reader is no reason to stop training: once the reader is gone, nothing more is written, as long as SIGPIPE
/// does not end the process (`StandardError.outliveFailedWrites`). A line that a full disk does not take is left out,
/// and the next one is tried.
final class ReportOutput {
  let descriptor: Int32
  private var isBroken = false
  /// Whether the last line was written only in part.
  private var isTorn = false

  init(_ descriptor: Int32) {
    self.descriptor = descriptor
  }

  /// Writes text as it is.
  func write(_ text: String) {
    guard !isBroken else { return }
    let bytes = Array(((isTorn ? "\n" : "") + text).utf8)
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else {
        isBroken = ![ENOSPC, EDQUOT].contains(errno)
        if rest.count < bytes.count { isTorn = true }
        return
      }
      rest = rest.dropFirst(written)
    }
    isTorn = false
  }

  /// The width of the terminal; 80 where it is not known.
  var columns: Int {
    var size = winsize()
    return ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
  }
}
