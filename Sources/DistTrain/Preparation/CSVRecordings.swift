import Foundation

/// Recordings listed in a table under a header that names its columns: `path` and `speaker`, optionally `start` and
/// `end` in seconds, and optionally `id`. Columns may have other names where these are given. Other columns are
/// ignored, and rows that are wrong are left out.
///
/// Without an `id`, an utterance is named after its speaker, its path and its times.
struct CSVRecordings {
  private static let required = ["path", "speaker"]
  private static let optional = ["start", "end", "id"]

  private let table: CSVTable
  private let columns: [Name: Int]

  /// Reads a table.
  /// - Parameters:
  ///   - names: for columns of other names what they hold (`path`, `speaker`, `start`, `end` or `id`), or `-` for one
  ///     that is to be ignored.
  ///   - allowsCommands: whether a path may be a command that ends in a pipe.
  /// - Throws: `Failure(.badData)` for a header without the columns, with the first row where none is right, and for a
  ///   command where commands are not allowed.
  static func source(_ path: String, columns names: [Name: String], allowsCommands: Bool) throws -> CorpusSource {
    let recordings = try CSVRecordings(path, names)
    let known = Set(required + optional)
    let ignored = recordings.columns.filter { !known.contains($0.key.text) }.sorted { $0.value < $1.value }
    let rows = try recordings.rows(allowsCommands: allowsCommands)
    return CorpusSource(
      layout: .csv, utterances: try rows.withRecordings(), leftOut: rows.leftOut,
      notes: ignored.isEmpty
        ? [] : ["columns ignored: \(ignored.map { recordings.header[$0.value] }.joined(separator: ", "))"])
  }

  /// The names of the columns as the file has them.
  private var header: [String] { table.rows[0].fields.map { $0.trimmingCharacters(in: .whitespaces) } }

  private init(_ path: String, _ names: [Name: String]) throws {
    table = try CSVTable(path: path)
    let expected = "expected path,speaker and perhaps start,end,id"
    guard let header = table.rows.first else { throw Failure(.badData, "\(path): the file is empty; \(expected)") }
    let fields = header.fields.map { $0.trimmingCharacters(in: .whitespaces) }
    for name in ByteOrder.sorted(Array(names.keys), by: \.text) where !fields.contains(where: { Name($0) == name }) {
      throw Failure(.badData, "\(path):\(header.line): no column is named '\(name.text)', as --columns says")
    }
    let given = Set(names.values)
    var columns: [Name: Int] = [:]
    // Tools that number the rows give the column of the numbers no name.
    for (index, field) in fields.enumerated() where !field.isEmpty {
      // A column that has the usual name of one that --columns names otherwise holds something else.
      let usual = field.lowercased()
      let name = names[Name(field)] ?? (given.contains(usual) ? "- \(field)" : usual)
      guard columns.updateValue(index, forKey: Name(name == "-" ? "- \(field)" : name)) == nil else {
        throw Failure(.badData, "\(path):\(header.line): two columns are named '\(name)'")
      }
    }
    for name in Self.required where columns[Name(name)] == nil {
      throw Failure(
        .badData,
        "\(path):\(header.line): the header names no column '\(name)': \(expected), separated by commas, semicolons or "
          + "tabs, or their other names by --columns, not '\(fields.joined(separator: ",").prefix(80))'")
    }
    self.columns = columns
  }

  private func rows(allowsCommands: Bool) throws -> UtteranceRows {
    guard table.rows.count > 1 else { throw Failure(.badData, "\(table.path): no rows below the header") }
    var rows = UtteranceRows(path: table.path, allowsCommands: allowsCommands)
    for row in table.rows.dropFirst() {
      rows.take(line: row.line) { try add(row, to: &$0) }
    }
    return rows
  }

  private func add(_ row: CSVTable.Row, to rows: inout UtteranceRows) throws {
    guard row.fields.count == table.rows[0].fields.count else {
      throw failure(row, "\(row.fields.count.counted("field")), but the header has \(table.rows[0].fields.count)")
    }
    let path = try self["path", row]
    let speaker = try self["speaker", row]
    guard !path.contains(where: \.isNewline) else { throw failure(row, "a line break in the path: rename the file") }
    let stretch = try stretch(row)
    let id = field("id", row)
    try rows.add(
      id: id.isEmpty ? Self.id(path, speaker, stretch) : id, speaker: speaker, file: path, stretch: stretch,
      line: row.line)
  }

  /// The stretch of a row: an empty start is that of the file, an empty end too; nil, where both are empty, is the
  /// whole file.
  private func stretch(_ row: CSVTable.Row) throws -> (start: Double, seconds: Double?)? {
    let (start, end) = (field("start", row), field("end", row))
    if start.isEmpty, end.isEmpty { return nil }
    do {
      if end.isEmpty { return (try ListedTime.seconds(start, "start"), nil) }
      return try ListedTime.stretch(from: start.isEmpty ? "0" : start, to: end)
    } catch {
      throw failure(row, error.what)
    }
  }

  private static func id(_ path: String, _ speaker: String, _ stretch: (start: Double, seconds: Double?)?) -> String {
    let name = "\(speaker)/\(path.drop { $0 == "/" || $0 == "." })"
    guard let stretch else { return name }
    let end = stretch.seconds.map { "\(KaldiDirectory.rounded(stretch.start + $0))" } ?? "end"
    return "\(name)-\(stretch.start)-\(end)"
  }

  private func field(_ name: String, _ row: CSVTable.Row) -> String {
    columns[Name(name)].map { row.fields[$0].trimmingCharacters(in: .whitespaces) } ?? ""
  }

  /// The text of a field that must not be empty.
  private subscript(name: String, row: CSVTable.Row) -> String {
    get throws {
      let text = field(name, row)
      guard !text.isEmpty else { throw failure(row, "the \(name) is empty") }
      return text
    }
  }

  private func failure(_ row: CSVTable.Row, _ what: String) -> Failure {
    Failure(.badData, "\(table.path):\(row.line): \(what)")
  }
}
