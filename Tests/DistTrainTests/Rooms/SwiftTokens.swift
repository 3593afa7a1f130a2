/// The words and signs of Swift source text without its comments and string literals; what is interpolated into a
/// string stays, in parentheses. A literal of a regular expression between slashes is not known as one.
struct SwiftTokens {
  struct Token: Equatable {
    let text: String
    let line: Int
    var isWord: Bool { text.utf8.first.map(SwiftTokens.isOfWord) ?? false }
  }

  private(set) var tokens: [Token] = []
  private let bytes: [UInt8]
  private var at = 0
  private var line = 1

  init(_ source: String) {
    bytes = Array(source.utf8)
    readCode()
  }

  private static func isOfWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 128...: true
    default: false
    }
  }

  private func follows(_ text: String, at start: Int) -> Bool { bytes[start...].starts(with: text.utf8) }

  private mutating func advance(_ count: Int = 1) {
    for _ in 0..<count where at < bytes.count {
      if bytes[at] == UInt8(ascii: "\n") { line += 1 }
      at += 1
    }
  }

  private mutating func append(_ range: Range<Int>) {
    tokens.append(Token(text: String(decoding: bytes[range], as: UTF8.self), line: line))
  }

  /// Reads to the end, or through the parenthesis that ends an interpolation.
  private mutating func readCode(ofInterpolation: Bool = false) {
    var depth = 0
    while at < bytes.count {
      if follows("//", at: at) {
        while at < bytes.count, bytes[at] != UInt8(ascii: "\n") { advance() }
      } else if follows("/*", at: at) {
        skipBlockComment()
      } else if let hashes = hashesOfString() {
        readString(hashes: hashes)
      } else if Self.isOfWord(bytes[at]) {
        let start = at
        while at < bytes.count, Self.isOfWord(bytes[at]) { at += 1 }
        append(start..<at)
      } else {
        let sign = bytes[at]
        if ![" ", "\n", "\t", "\r", "`"].contains(UnicodeScalar(sign)) { append(at..<at + 1) }
        advance()
        if sign == UInt8(ascii: "(") { depth += 1 }
        if sign == UInt8(ascii: ")") { depth -= 1 }
        if ofInterpolation, depth == 0 { return }
      }
    }
  }

  private mutating func skipBlockComment() {
    var depth = 0
    repeat {
      let opens = follows("/*", at: at)
      let closes = !opens && follows("*/", at: at)
      depth += opens ? 1 : closes ? -1 : 0
      advance(opens || closes ? 2 : 1)
    } while depth > 0 && at < bytes.count
  }

  /// The number of signs before the quotation mark where a string begins here.
  private func hashesOfString() -> Int? {
    let end = bytes[at...].firstIndex { $0 != UInt8(ascii: "#") } ?? bytes.count
    return end < bytes.count && bytes[end] == UInt8(ascii: "\"") ? end - at : nil
  }

  private mutating func readString(hashes: Int) {
    let marks = String(repeating: "#", count: hashes)
    let quotes = follows("\"\"\"", at: at + hashes) ? 3 : 1
    let end = String(repeating: "\"", count: quotes) + marks
    advance(hashes + quotes)
    while at < bytes.count, !follows(end, at: at) {
      if follows("\\\(marks)(", at: at) {
        advance(1 + hashes)
        readCode(ofInterpolation: true)
      } else {
        advance(follows("\\\(marks)", at: at) ? 2 + hashes : 1)
      }
    }
    advance(end.utf8.count)
    tokens.append(Token(text: "\"\"", line: line))
  }
}
