import Foundation

/// A file to which each step adds its lines, in the hands of the system as soon as they are written.
package final class StepLog {
  package let path: String
  private let descriptor: Int32
  private let stepOfLine: (ArraySlice<UInt8>) -> Int?

  /// Opens the log to go on at its end, or begins it.
  /// - Parameter stepOfLine: the step that a line, without its end, belongs to; nil for one that is not whole.
  package init(
    path: String, stepOfLine: @escaping (ArraySlice<UInt8>) -> Int? = StepLog.stepOfJSON
  ) throws {
    self.path = path
    self.stepOfLine = stepOfLine
    descriptor = try SystemCall.run(.create, path) { open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o666) }
  }

  deinit { _ = close(descriptor) }

  /// Adds a line; its end is added.
  package func append(_ line: String) throws {
    var rest = Array((line + "\n").utf8)[...]
    while !rest.isEmpty {
      let written = try SystemCall.run(.write, path) {
        rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      }
      rest = rest.dropFirst(written)
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

  /// The step of a JSON object.
  package static func stepOfJSON(_ line: ArraySlice<UInt8>) -> Int? {
    try? JSONDecoder().decode(Line.self, from: Data(line)).step
  }
}
