/// A line of a table whose fields are between tabs, as `CSVTable` and Python's module csv read it.
enum TabbedLine {
  /// The line with its break. A field is empty where a table cannot hold it, because it has a tab or a line break.
  static func text(_ fields: [String]) -> String {
    fields.map(field).joined(separator: "\t") + "\n"
  }

  private static func field(_ text: String) -> String {
    let breaks = [UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r")]
    guard !text.utf8.contains(where: breaks.contains) else { return "" }
    guard text.utf8.first == UInt8(ascii: "\"") else { return text }
    // A field that begins with a quote would end at the next one.
    let parts = text.utf8.split(separator: UInt8(ascii: "\""), omittingEmptySubsequences: false)
    return "\"" + parts.map { String(Substring($0)) }.joined(separator: "\"\"") + "\""
  }
}
