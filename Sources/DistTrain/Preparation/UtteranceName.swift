/// Replaces white space in names by underscores, because white space separates the fields of lists.
enum UtteranceName {
  static func of(_ name: some StringProtocol) -> String {
    String(String.UnicodeScalarView(name.unicodeScalars.map { $0.properties.isWhitespace ? "_" : $0 }))
  }

  static func joined(_ parts: [String]) -> String {
    parts.map { of($0) }.joined(separator: "/")
  }
}
