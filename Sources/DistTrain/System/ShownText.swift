extension String {
  /// The text on one line, with what cannot be seen written as `\u{200B}`: control characters and ends of lines, marks
  /// without width, and blanks other than the usual one. Of a long text the middle is left out. Every line that quotes
  /// a user's files goes through here.
  package var shown: String {
    let text = shortened
    if text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return text }
    var shown = ""
    for scalar in text.unicodeScalars {
      if Self.isSeen(scalar) {
        shown.unicodeScalars.append(scalar)
      } else {
        shown += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
      }
    }
    return shown
  }

  /// The text of bytes that need not be UTF-8, such as a file's name: what is not is written as `\xE9`.
  package init(showing bytes: [UInt8]) {
    self = ""
    var rest = bytes[...]
    while let byte = rest.first {
      // No beginning of a valid sequence is valid itself.
      let scalar = (1...4).lazy.prefix { $0 <= rest.count }.compactMap { count in
        String(validating: rest.prefix(count), as: UTF8.self)
      }.first
      if let scalar {
        self += scalar
        rest = rest.dropFirst(scalar.utf8.count)
      } else {
        let digits = String(byte, radix: 16, uppercase: true)
        self += "\\x\(byte < 16 ? "0" : "")\(digits)"
        rest = rest.dropFirst()
      }
    }
  }

  /// The largest number of characters that are shown before the gap, and behind it: each takes a name or a path of the
  /// usual length and what is said about it.
  private static let longestPart = 2000

  /// The beginning and the end of a text that fills screens, such as a file without line breaks that was taken for a
  /// list; any other as it is.
  private var shortened: String {
    // What follows has at most as many characters as it has bytes, which are counted at once.
    guard utf8.count > 2 * Self.longestPart, unicodeScalars.count > 2 * Self.longestPart + 3 else { return self }
    var short = String.UnicodeScalarView(unicodeScalars.prefix(Self.longestPart))
    short.append(contentsOf: " … ".unicodeScalars)
    short.append(contentsOf: unicodeScalars.suffix(Self.longestPart))
    return String(short)
  }

  private static func isSeen(_ scalar: Unicode.Scalar) -> Bool {
    if scalar == " " { return true }
    if scalar.properties.isDefaultIgnorableCodePoint { return false }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .spaceSeparator, .surrogate, .unassigned: return false
    default: return true
    }
  }
}
