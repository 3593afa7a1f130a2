import Foundation
import Synchronization

/// `metrics.jsonl`: a line a step, in the hands of the system as soon as it is written.
///
/// What cannot be written, because the disk is full, waits for the next line: the file is always a beginning of the whole
/// log, and a line that was written in part is gone on with.
package final class MetricsLog {
  package let path: String
  private let descriptor: Int32

  /// Opens the log to go on at its end, or begins it.
  package init(path: String) throws {
    self.path = path
    descriptor = try SystemCall.run(.create, path) { open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o666) }
  }

  deinit { _ = close(descriptor) }

  /// Bytes of lines that wait to be written.
  private let waiting = Mutex<[UInt8]>([])

  /// The most bytes that wait, some tens of thousands of lines; later lines are lost.
  private static let mostWaiting = 1 << 24

  /// Writes the lines that wait and this one.
  ///
  /// - Throws: `Failure(.failed)` with the system's reason where the log does not hold this line now.
  package func append(_ metrics: StepMetrics) throws {
    try waiting.withLock { waiting in
      if waiting.count < Self.mostWaiting { waiting += Array((metrics.json + "\n").utf8) }
      var written = 0
      defer { waiting.removeFirst(written) }
      while written < waiting.count {
        written += try SystemCall.run(.write, path) {
          waiting[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        }
      }
    }
  }

  /// Cuts off what comes after the last whole line of a step up to `step`: a run that goes on from that step writes the
  /// rest again. A line that was cut short by a kill goes too.
  package func cutBack(to step: Int) throws {
    let end = try endOfLines(upTo: step)
    try SystemCall.run(.write, path) { ftruncate(descriptor, off_t(end)) }
    try SystemCall.run(.sync, path) { fsync(descriptor) }
  }

  /// Looks at the last part of the log, then at ever larger ones.
  private func endOfLines(upTo step: Int) throws -> Int {
    let file = try InputFile(path: path)
    var length = 1 << 20
    while true {
      let start = max(0, file.bytes - length)
      let tail = try file.read(at: start, count: file.bytes - start)
      if let end = Self.endOfLines(upTo: step, in: tail, wholeFirstLine: start == 0) { return start + end }
      if start == 0 { return 0 }
      length *= 4
    }
  }

  private static func endOfLines(upTo step: Int, in bytes: [UInt8], wholeFirstLine: Bool) -> Int? {
    let newline = UInt8(ascii: "\n")
    guard var end = bytes.lastIndex(of: newline) else { return nil }
    while true {
      let before = bytes[..<end].lastIndex(of: newline)
      if before == nil, !wholeFirstLine { return nil }
      let line = bytes[(before.map { $0 + 1 } ?? 0)..<end]
      if let found = Self.step(of: line), found <= step { return end + 1 }
      guard let before else { return nil }
      end = before
    }
  }

  private struct Line: Decodable { let step: Int }

  /// nil for a line that is not whole.
  private static func step(of line: ArraySlice<UInt8>) -> Int? {
    try? JSONDecoder().decode(Line.self, from: Data(line)).step
  }
}
