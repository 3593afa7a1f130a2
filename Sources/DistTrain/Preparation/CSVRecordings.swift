import Foundation

/// Recordings listed in a table under a header that names its columns: `path` and `speaker`, optionally `start` and
/// `end` in seconds, and optionally `id`. Other columns are ignored.
///
/// Without an `id`, an utterance is named after its speaker, its path and its times.
struct CSVRecordings {
  private static let required = ["path", "speaker"]
  private static let optional = ["start", "end", "id"]

  private let table: CSVTable
  private let columns: [String: Int]

  static func source(_ path: String) throws -> CorpusSource {
    let recordings = try CSVRecordings(path)
    let known = Set(required + optional)
    let ignored = recordings.columns.filter { !known.contains($0.key) }.sorted { $0.value < $1.value }.map(\.key)
    return CorpusSource(
      layout: .csv, utterances: try recordings.utterances(),
      notes: ignored.isEmpty ? [] : ["columns ignored: \(ignored.joined(separator: ", "))"])
  }

  private init(_ path: String) throws {
    table = try CSVTable(path: path)
    let expected = "expected path,speaker and perhaps start,end,id"
    guard let header = table.rows.first else { throw Failure(.badData, "\(path): the file is empty; \(expected)") }
    var columns: [String: Int] = [:]
    for (index, field) in header.fields.enumerated() {
      let name = field.trimmingCharacters(in: .whitespaces).lowercased()
      guard columns.updateValue(index, forKey: name) == nil else {
        throw Failure(.badData, "\(path):\(header.line): two columns are named '\(name)'")
      }
    }
    for name in Self.required where columns[name] == nil {
      throw Failure(
        .badData,
        "\(path):\(header.line): the header names no column '\(name)': \(expected), separated by commas, not "
          + "'\(header.fields.joined(separator: ",").prefix(80))'")
    }
    self.columns = columns
  }

  private func utterances() throws -> [ListedUtterance] {
    guard table.rows.count > 1 else { throw Failure(.badData, "\(table.path): no rows below the header") }
    var rows = UtteranceRows(path: table.path)
    for row in table.rows.dropFirst() {
      guard row.fields.count == table.rows[0].fields.count else {
        throw failure(row, "\(row.fields.count) fields, but the header has \(table.rows[0].fields.count)")
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
    return rows.withRecordings()
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
    columns[name].map { row.fields[$0].trimmingCharacters(in: .whitespaces) } ?? ""
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
