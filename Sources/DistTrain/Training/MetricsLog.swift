import Foundation

/// `metrics.jsonl`: a line a step, in the hands of the system as soon as it is written.
package final class MetricsLog: Sendable {
  package let path: String
  private let descriptor: Int32

  /// Opens the log to go on at its end, or begins it.
  package init(path: String) throws {
    self.path = path
    descriptor = try SystemCall.run(.create, path) { open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o666) }
  }

  deinit { _ = close(descriptor) }

  package func append(_ metrics: StepMetrics) throws {
    var rest = Array((metrics.json + "\n").utf8)[...]
    while !rest.isEmpty {
      let written = try SystemCall.run(.write, path) {
        rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      }
      rest = rest.dropFirst(written)
    }
  }

  /// Waits until what was written is on disk.
  package func sync() throws { try SystemCall.run(.sync, path) { fsync(descriptor) } }

  /// Cuts off what comes after the last whole line of a step up to `step`: a run that goes on from that step writes the
  /// rest again. A line that was cut short by a kill goes too.
  package func cutBack(to step: Int) throws {
    let end = try endOfLines(upTo: step)
    try SystemCall.run(.write, path) { ftruncate(descriptor, off_t(end)) }
    try sync()
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
