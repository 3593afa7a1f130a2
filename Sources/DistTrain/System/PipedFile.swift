import Foundation

/// Files that may also be devices or pipes, such as the `<(command)` of a shell. A pipe's writer may come late, or
/// never.
package enum PipedFile {
  /// The milliseconds between looks for a request to stop.
  private static let patience: Int32 = 100

  /// Reads the bytes up to the end, which of a pipe is there once its last writer has gone.
  /// - Parameter most: the number of bytes after which the rest is left.
  /// - Throws: `Failure(.badData)` where it cannot be read, `Failure(.stopped)` where a signal asks for a stop while
  ///   nothing comes.
  package static func contents(of path: String, atMost most: Int) throws -> [UInt8] {
    // Without O_NONBLOCK the system itself would wait for a writer, which no signal ends.
    let descriptor = try SystemCall.run(.read, path, kind: .badData) { open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC) }
    defer { _ = close(descriptor) }
    var contents: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while contents.count < most {
      guard try hasCome(descriptor, path) else { continue }
      var isEmpty = false
      let count = try SystemCall.run(.read, path, kind: .badData) {
        let count = Foundation.read(descriptor, &block, min(block.count, most - contents.count))
        // Another reader of the pipe was faster.
        isEmpty = count < 0 && errno == EAGAIN
        return isEmpty ? 0 : count
      }
      if count == 0, !isEmpty { break }
      contents += block[..<count]
    }
    return contents
  }

  /// Waits a moment for bytes, or for the end.
  private static func hasCome(_ descriptor: Int32, _ path: String) throws -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    let count = try SystemCall.run(.read, path, kind: .badData) { poll(&entry, 1, patience) }
    if count == 0 { try StopRequest.check(waitingFor: "somebody to write to \(path)") }
    return count > 0
  }
}
