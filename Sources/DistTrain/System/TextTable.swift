/// Columns of text for people, each as wide as its widest field.
package struct TextTable: Sendable {
  /// The number of columns, the first ones, whose fields stand at their left; those of the others stand at their right.
  private let leftColumns: Int
  /// The characters between two columns.
  private let gap: Int

  package init(leftColumns: Int, gap: Int = 2) {
    self.leftColumns = leftColumns
    self.gap = gap
  }

  /// The widths of the columns, in characters.
  /// - Parameters:
  ///   - rows: rows of as many fields each.
  ///   - least: the least width of each column; nil for none.
  package func widths(of rows: [[String]], least: [Int]? = nil) -> [Int] {
    (rows.first ?? []).indices.map { column in
      rows.reduce(least?[column] ?? 0) { max($0, $1[column].count) }
    }
  }

  /// A row as a line without spaces at its end. A field that is too wide moves those behind it.
  package func line(_ fields: [String], widths: [Int]) -> String {
    let columns = zip(fields, widths).enumerated().map { index, column in
      let fill = String(repeating: " ", count: max(0, column.1 - column.0.count))
      return index < leftColumns ? column.0 + fill : fill + column.0
    }
    let line = columns.joined(separator: String(repeating: " ", count: gap))
    return String(line.prefix(upTo: line.lastIndex { $0 != " " }.map { line.index(after: $0) } ?? line.startIndex))
  }

  /// All rows in lines, without an end of the last one.
  package func text(_ rows: [[String]]) -> String {
    let widths = widths(of: rows)
    return rows.map { line($0, widths: widths) }.joined(separator: "\n")
  }
}
