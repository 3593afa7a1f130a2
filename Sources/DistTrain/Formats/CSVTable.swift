/// A table of comma-separated values as in RFC 4180: fields in quotes may hold commas, line breaks and doubled quotes.
/// Semicolons or tabs separate the fields where the first line has more of them than of commas. A byte order mark and
/// both kinds of line ends are accepted; empty lines are skipped, and rows of empty fields before the first that holds
/// anything.
///
/// Between tabs a quote is a character as others are, because such tables are mostly written without quoting (Common
/// Voice's, whose sentences have quotes anywhere); only a field in quotes as a whole, in one line, loses them.
struct CSVTable {
  struct Row {
    /// The line of the file, counted from 1, on which the row begins.
    let line: Int
    let fields: [String]
  }

  let path: String
  let rows: [Row]

  /// Reads a whole table.
  /// - Throws: `Failure(.badData)` that names the line for a quote that is not closed or stands elsewhere than at the
  ///   ends of a field, and for text that is not UTF-8.
  init(path: String) throws {
    var bytes = try InputFile.contents(of: path)[...]
    try bytes.withUnsafeBytes { try LineReader.check($0, path: path) }
    if bytes.starts(with: LineReader.byteOrderMark) { bytes = bytes.dropFirst(LineReader.byteOrderMark.count) }
    self.path = path
    var reader = Reader(path: path, separator: Self.separator(bytes))
    for byte in bytes { try reader.take(byte) }
    rows = try reader.finish()
  }

  /// The most frequent of the possible separators in the first line that holds anything, outside of quotes.
  private static func separator(_ bytes: ArraySlice<UInt8>) -> UInt8 {
    var isQuoted = false
    var counts: [UInt8: Int] = [:]
    for byte in bytes {
      let isEnd = byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
      if isEnd, !isQuoted {
        if !counts.keys.allSatisfy(LineReader.isBlank) { break }
        counts = [:]
      }
      if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
      if !isEnd, !isQuoted { counts[byte, default: 0] += 1 }
    }
    let comma = UInt8(ascii: ",")
    return [UInt8(ascii: ";"), UInt8(ascii: "\t")].reduce(comma) { most, other in
      counts[other, default: 0] > counts[most, default: 0] ? other : most
    }
  }

  private struct Reader {
    private enum State { case unquoted, quoted, closed }

    private let path: String
    private let separator: UInt8
    private var rows: [Row] = []
    private var fields: [String] = []
    private var field: [UInt8] = []
    private var state = State.unquoted
    private var line = 1
    private var firstLine = 1
    private var quoteLine = 1

    init(path: String, separator: UInt8) {
      self.path = path
      self.separator = separator
    }

    private var isTabbed: Bool { separator == UInt8(ascii: "\t") }

    mutating func take(_ byte: UInt8) throws {
      if byte == UInt8(ascii: "\n") { line += 1 }
      switch (state, byte) {
      case (.unquoted, UInt8(ascii: "\"")) where isTabbed: field.append(byte)
      case (.quoted, UInt8(ascii: "\"")): state = .closed
      case (.quoted, _): field.append(byte)
      case (.closed, UInt8(ascii: "\"")):
        field.append(byte)
        state = .quoted
      case (_, separator): try endField()
      case (_, UInt8(ascii: "\n")): try endRow()
      case (.closed, UInt8(ascii: "\r")), (.closed, UInt8(ascii: " ")): break
      case (.closed, _): throw failure(line, "text after a closing quote: double the quotes within a field")
      case (.unquoted, UInt8(ascii: "\"")):
        guard field.isEmpty else { throw failure(line, "a quote within a field: quote the field, double the quote") }
        state = .quoted
        quoteLine = line
      case (.unquoted, _): field.append(byte)
      }
    }

    mutating func finish() throws -> [Row] {
      guard state != .quoted else { throw failure(quoteLine, "the quote that begins here is not closed") }
      if !field.isEmpty || !fields.isEmpty || state == .closed { try endRow() }
      return rows
    }

    private mutating func endField() throws {
      if state == .unquoted, field.last == UInt8(ascii: "\r") { field.removeLast() }
      if isTabbed { field = Self.unquoted(field) }
      guard let text = String(validating: field, as: UTF8.self) else {
        throw failure(firstLine, "not UTF-8: convert the file with iconv")
      }
      fields.append(text)
      field.removeAll(keepingCapacity: true)
      state = .unquoted
    }

    /// The contents of a field that stands in quotes as a whole, with its own quotes doubled; any other as it is.
    private static func unquoted(_ field: [UInt8]) -> [UInt8] {
      let quote = UInt8(ascii: "\"")
      guard field.count >= 2, field.first == quote, field.last == quote else { return field }
      let parts = field[1..<field.count - 1].split(separator: quote, omittingEmptySubsequences: false)
      // Doubled quotes have nothing between them.
      guard parts.count % 2 == 1, stride(from: 1, to: parts.count, by: 2).allSatisfy({ parts[$0].isEmpty }) else {
        return field
      }
      return Array(stride(from: 0, to: parts.count, by: 2).map { parts[$0] }.joined(separator: [quote]))
    }

    private mutating func endRow() throws {
      let isQuoted = state == .closed
      try endField()
      let isBlank =
        (fields.count == 1 || rows.isEmpty) && fields.allSatisfy { $0.utf8.allSatisfy(LineReader.isBlank) }
      if !isBlank || isQuoted { rows.append(Row(line: firstLine, fields: fields)) }
      fields = []
      firstLine = line
    }

    private func failure(_ line: Int, _ what: String) -> Failure { Failure(.badData, "\(path):\(line): \(what)") }
  }
}
