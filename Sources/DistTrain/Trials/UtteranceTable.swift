/// Properties of utterances, such as sex, language or device: a table whose first row names the columns and whose first
/// column has the utterances' names (`CSVTable` says how it may be written), or a Kaldi list of `utterance value`.
public struct UtteranceTable: Sendable {
  /// The names of the columns but the first.
  public let columns: [String]
  private let path: String
  private let rows: [Name: [String]]

  /// Reads a table.
  /// - Throws: `Failure(.badData)` that names the line for a row of another length or an utterance that comes twice.
  public init(path: String) throws {
    let table = try CSVTable(path: path)
    guard let header = table.rows.first, header.fields.count > 1 else {
      throw Failure(
        .badData,
        "\(path): a table with a row of column names, the first for the utterances, separated by commas or tabs")
    }
    self.path = path
    columns = Array(header.fields.dropFirst())
    var rows: [Name: [String]] = [:]
    for row in table.rows.dropFirst() {
      guard row.fields.count == header.fields.count else {
        throw Failure(
          .badData,
          "\(path):\(row.line): \(row.fields.count.counted("field")), where the first row has \(header.fields.count)")
      }
      guard rows.updateValue(Array(row.fields.dropFirst()), forKey: Name(row.fields[0])) == nil else {
        throw Failure(.badData, "\(path):\(row.line): \(row.fields[0]) comes twice")
      }
    }
    self.rows = rows
  }

  /// The value of a column for each of several utterances; nil where the table has no such utterance or no value. A name
  /// may differ from the table's in the suffix of the audio file.
  /// - Throws: `Failure(.usage)` where there is no such column.
  public func values(_ column: String, of names: [String]) throws -> [String?] {
    guard let index = columns.firstIndex(of: column) else {
      throw Failure(.usage, "\(path): has no column \(column); its columns are \(columns.joined(separator: ", "))")
    }
    return rows(of: names).map { row in row.flatMap { $0[index].isEmpty ? nil : $0[index] } }
  }

  /// How many of several utterances the table does not have, by names as `values` takes them.
  package func lacking(_ names: [String]) -> Int { rows(of: names).count { $0 == nil } }

  private func rows(of names: [String]) -> [[String]?] {
    let keys = names.allSatisfy { rows[Name($0)] != nil } ? [] : rows.keys.map(\.self)
    let near = NearNames(keys.map(\.text))
    return names.map { name in rows[Name(name)] ?? near.position(of: name).flatMap { rows[keys[$0]] } }
  }
}
