/// A line that a command says beside its results.
package struct Remark: Sendable, Hashable {
  package enum Kind: String, Sendable { case note, warning }

  package let kind: Kind
  /// The line without the word that names its kind.
  package let text: String
  /// The line as a person reads it.
  package let line: String

  /// - Parameter line: a warning if it begins with `warning: `, else a note, which need not begin with `note: `.
  package init(_ line: String) {
    self.line = line
    kind = line.begins(with: Self.beginning(of: .warning)) ? .warning : .note
    let beginning = Self.beginning(of: kind)
    // The word is ASCII, and a mark that follows its blank would make one character with it.
    text =
      line.begins(with: beginning) ? String(decoding: line.utf8.dropFirst(beginning.utf8.count), as: UTF8.self) : line
  }

  private static func beginning(of kind: Kind) -> String { "\(kind.rawValue): " }
}
