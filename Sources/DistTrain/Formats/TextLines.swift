/// The lines of a short list that hold anything, each as text (`LineReader`).
enum TextLines {
  struct Line {
    /// The number in the file, counted from 1.
    let number: Int
    /// The line without the blanks around it.
    let text: String

    /// The parts of the line that blanks separate.
    var fields: [String] { text.utf8.split(whereSeparator: LineReader.isBlank).map { String(Substring($0)) } }
  }

  /// Reads a list.
  /// - Throws: `Failure(.badData)` for a file that cannot be read, and for a line that is not UTF-8.
  static func read(_ path: String) throws -> [Line] { try of(InputFile.contents(of: path), path: path) }

  /// The lines of a list's bytes.
  static func of(_ bytes: [UInt8], path: String) throws -> [Line] {
    try bytes.withUnsafeBytes { bytes in
      try LineReader.check(bytes, path: path)
      var reader = LineReader(bytes)
      var lines: [Line] = []
      while let place = reader.next() {
        guard let text = String(validating: bytes[place], as: UTF8.self) else {
          throw Failure(.badData, "\(path):\(reader.number): not UTF-8: convert the file with iconv")
        }
        lines.append(Line(number: reader.number, text: text))
      }
      return lines
    }
  }

  /// The first line of a file that holds anything, read from its first bytes alone; nil where there is none or it is no
  /// text.
  static func first(of path: String, within count: Int = 4096) -> String? {
    guard let file = try? InputFile(path: path), let start = try? file.read(at: 0, count: min(file.bytes, count)) else {
      return nil
    }
    return start.withUnsafeBytes { bytes in
      var reader = LineReader(bytes)
      return reader.next().map { String(decoding: bytes[$0], as: UTF8.self) }
    }
  }
}
