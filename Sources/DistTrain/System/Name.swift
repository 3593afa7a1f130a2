/// An id, a speaker, a path or another name of a user's, told apart by its bytes. Swift's strings are equal where their
/// characters are: é in one piece and é as e with an accent are one string, but two names in every list and on every
/// disk.
package struct Name: Hashable, Sendable, ExpressibleByStringLiteral {
  package let text: String

  package init(_ text: some StringProtocol) {
    self.text = String(text)
  }

  package init(stringLiteral text: String) {
    self.text = text
  }

  package static func == (left: Name, right: Name) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

  package func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}

extension String {
  /// Whether the text's bytes begin with those of another; `hasPrefix` compares characters, of which a mark behind the
  /// prefix may change the last.
  package func begins(with prefix: String) -> Bool { utf8.starts(with: prefix.utf8) }

  /// Whether the text's bytes end with those of another.
  package func ends(with suffix: String) -> Bool { utf8.suffix(suffix.utf8.count).elementsEqual(suffix.utf8) }

  /// The text without its first bytes.
  /// - Precondition: the bytes are whole scalars.
  package func dropping(bytes count: Int) -> String { String(Substring(utf8.dropFirst(count))) }

  /// The parts of a path between its slashes, empty ones left out.
  package var pathParts: [String] { utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) } }

  /// The path of a folder without the slashes at its end, which shells complete, so that a name can follow it. The
  /// folder above all others stays `/`.
  package var withoutEndingSlashes: String {
    var bytes = Substring(self).utf8
    while bytes.count > 1, bytes.last == UInt8(ascii: "/") { bytes.removeLast() }
    return String(Substring(bytes))
  }
}
