import Foundation

/// A text list of a Kaldi data directory (`wav.scp`, `utt2spk`, …): one entry a line, whose first field is a unique key.
struct KaldiList: Sendable {
  struct Line: Sendable {
    let number: Int
    let key: String
    /// What follows the key, without the white space around it.
    let rest: String

    var fields: [Substring] { rest.split { $0 == " " || $0 == "\t" } }
  }

  let path: String
  /// The lines in the byte order of their keys.
  let lines: [Line]

  /// Reads a list. Throws `.badData` where the file is missing or empty, or a line is not UTF-8, has not `fields` fields
  /// (a key alone is never enough; nil for a key and the rest of the line), or repeats a key.
  init(path: String, fields: Int?) throws {
    self.path = path
    var lines: [Line] = []
    var number = 0
    for bytes in try Self.bytes(of: path).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      number += 1
      let line = try Self.line(bytes, number: number, path: path)
      let count = line.key.isEmpty ? 0 : line.rest.isEmpty ? 1 : fields == nil ? 2 : 1 + line.fields.count
      guard count == fields ?? 2 else {
        let expected = fields.map { "\($0) expected" } ?? "a key and a path expected"
        throw Self.failure(path, number, "\(count) \(count == 1 ? "field" : "fields"), \(expected)")
      }
      lines.append(line)
    }
    guard !lines.isEmpty else { throw Failure(.badData, "\(path): the file is empty") }
    self.lines = ByteOrder.sorted(lines) { $0.key }
    for (line, next) in zip(self.lines, self.lines.dropFirst()) where ByteOrder.equal(line.key, next.key) {
      throw failure(next, "'\(next.key)' is listed twice, first in line \(line.number): keep one of the two")
    }
  }

  func line(of key: String) -> Line? {
    ByteOrder.find(key, in: lines) { $0.key }.map { lines[$0] }
  }

  func failure(_ line: Line, _ what: String) -> Failure {
    Self.failure(path, line.number, what)
  }

  private static func failure(_ path: String, _ number: Int, _ what: String) -> Failure {
    Failure(.badData, "\(path):\(number): \(what)")
  }

  /// The file's bytes without a byte order mark and the last line break.
  private static func bytes(of path: String) throws -> ArraySlice<UInt8> {
    guard FileManager.default.fileExists(atPath: path) else {
      throw Failure(.badData, "\(path): no such file; is this a Kaldi data directory? svdist prepare makes one")
    }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Failure(.badData, "\(path): the file cannot be read")
    }
    var bytes = [UInt8](data)[...]
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
    guard !bytes.isEmpty else { throw Failure(.badData, "\(path): the file is empty") }
    return bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes
  }

  private static func line(_ bytes: ArraySlice<UInt8>, number: Int, path: String) throws -> Line {
    let content = trimmed(bytes)
    let end = content.firstIndex(where: isSpace) ?? content.endIndex
    guard let key = String(validating: content[..<end], as: UTF8.self),
      let rest = String(validating: trimmed(content[end...]), as: UTF8.self)
    else { throw failure(path, number, "not UTF-8: convert the file with iconv") }
    return Line(number: number, key: key, rest: rest)
  }

  private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    guard let first = bytes.firstIndex(where: { !isSpace($0) }),
      let last = bytes.lastIndex(where: { !isSpace($0) })
    else { return bytes[bytes.startIndex..<bytes.startIndex] }
    return bytes[first...last]
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
  }
}
