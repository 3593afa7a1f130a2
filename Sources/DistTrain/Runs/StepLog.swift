import Foundation
import Synchronization

/// A file to which each step adds its lines, which the system has as soon as they are written.
///
/// Lines that cannot be written, because the disk is full, wait for the next line. The file is always a beginning of
/// the whole log, and a line that was written in part is continued. Where somebody removes the file it is begun anew.
package final class StepLog: Sendable {
  package let path: String
  private let descriptor: Int32
  private let stepOfLine: @Sendable (ArraySlice<UInt8>) -> Int?
  /// The bytes of lines that wait to be written.
  private let waiting = Mutex<[UInt8]>([])
  /// The most bytes that wait, which are some tens of thousands of lines. Later lines are lost.
  private static let mostWaiting = 1 << 24

  /// Opens the log to continue at its end, or begins it.
  /// - Parameter stepOfLine: gives the step that a line, without its newline, belongs to; nil for a line that is not
  ///   whole.
  package init(
    path: String, stepOfLine: @escaping @Sendable (ArraySlice<UInt8>) -> Int? = { StepLog.stepOfJSON($0) }
  ) throws {
    self.path = path
    self.stepOfLine = stepOfLine
    descriptor = try SystemCall.run(.create, path) { open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o666) }
  }

  deinit { _ = close(descriptor) }

  /// Writes the lines that wait and this one, to which a newline is added.
  ///
  /// - Returns: whether the file had been removed, so that it begins with these lines.
  /// - Throws: `Failure(.failed)` with the system's reason where the log does not hold this line now.
  @discardableResult
  package func append(_ line: String) throws -> Bool { try append(bytes: Array((line + "\n").utf8)) }

  /// Writes the bytes that wait and these, as `append` of a line does.
  @discardableResult
  func append(bytes: [UInt8]) throws -> Bool {
    try waiting.withLock { waiting in
      if waiting.count < Self.mostWaiting { waiting += bytes }
      return try write(&waiting)
    }
  }

  /// Whether lines wait because they could not be written.
  package var isBehind: Bool { waiting.withLock { !$0.isEmpty } }

  /// Writes the lines that wait, and returns once all lines are on disk.
  ///
  /// - Throws: `Failure(.failed)` with the system's reason where some are not.
  package func sync() throws {
    _ = try waiting.withLock { try write(&$0) }
    try SystemCall.run(.sync, path) { fsync(descriptor) }
  }

  private func write(_ waiting: inout [UInt8]) throws -> Bool {
    let isAnew = try beginAnewIfRemoved()
    var written = 0
    defer { waiting.removeFirst(written) }
    while written < waiting.count {
      written += try SystemCall.run(.write, path) {
        waiting[written...].withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      }
    }
    return isAnew
  }

  /// Begins the file anew where it has no name any more.
  /// - Returns: whether it did.
  private func beginAnewIfRemoved() throws -> Bool {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_nlink == 0 else { return false }
    let other = try SystemCall.run(.create, path) { open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o666) }
    defer { _ = close(other) }
    // The descriptor stays the same one, because another thread may wait until the file is on disk.
    try SystemCall.run(.create, path) { dup2(other, descriptor) }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    return true
  }

  /// Cuts off everything after the last whole line of a step up to `step`: a run that goes on from that step writes the
  /// rest again. A line that a kill cut short goes too.
  package func cutBack(to step: Int) throws {
    waiting.withLock { $0 = [] }
    let end = try endOfLines(upTo: step)
    try SystemCall.run(.write, path) { ftruncate(descriptor, off_t(end)) }
    try sync()
  }

  /// Looks for the end in the last part of the log, then in ever larger ones.
  private func endOfLines(upTo step: Int) throws -> Int {
    let file = try InputFile(path: path)
    var length = 1 << 20
    while true {
      let start = max(0, file.bytes - length)
      let tail = try file.read(at: start, count: file.bytes - start)
      if let end = endOfLines(upTo: step, in: tail, wholeFirstLine: start == 0) { return start + end }
      if start == 0 { return 0 }
      length *= 4
    }
  }

  private func endOfLines(upTo step: Int, in bytes: [UInt8], wholeFirstLine: Bool) -> Int? {
    let newline = UInt8(ascii: "\n")
    guard var end = bytes.lastIndex(of: newline) else { return nil }
    while true {
      let before = bytes[..<end].lastIndex(of: newline)
      if before == nil, !wholeFirstLine { return nil }
      let line = bytes[(before.map { $0 + 1 } ?? 0)..<end]
      if let found = stepOfLine(line), found <= step { return end + 1 }
      guard let before else { return nil }
      end = before
    }
  }

  private struct Line: Decodable { let step: Int }

  /// The step of a line that is a JSON object; nil if it is none.
  package static func stepOfJSON(_ line: ArraySlice<UInt8>) -> Int? {
    try? JSONDecoder().decode(Line.self, from: Data(line)).step
  }
}
