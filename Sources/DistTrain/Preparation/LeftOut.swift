/// An utterance or file that svdist prepare left out, and the reason.
package struct LeftOut: Sendable, Equatable {
  /// The id of the utterance, or `-` for a file that never became one.
  package let utterance: String
  package let path: String
  package let reason: String

  /// The reason without its particulars, for counting: `is truncated: its header promises 6400 bytes …` is of the kind
  /// `is truncated`. A number becomes N, but not the digits of a word such as .m4a or UTF-8.
  package var kind: String { Self.kind(of: reason) }

  /// The kind of a reason.
  package static func kind(of reason: String) -> String {
    var kind = ""
    var depth = 0
    var number = ""
    var isInWord = false
    func closed(before next: Character?) -> String {
      number.isEmpty ? "" : isInWord || next?.isLetter == true ? number : "N"
    }
    for character in reason.prefix(while: { $0 != ":" && $0 != ";" && $0 != "," }) {
      if character == "(" { depth += 1 }
      if depth == 0 {
        if character.isNumber {
          if number.isEmpty { isInWord = (kind.last == "-" ? kind.dropLast() : kind[...]).last?.isLetter == true }
          number.append(character)
        } else {
          kind += closed(before: character)
          number = ""
          kind.append(character)
        }
      }
      if character == ")" { depth -= 1 }
    }
    kind += closed(before: nil)
    return kind.split(separator: " ").joined(separator: " ")
  }
}

extension ListedUtterance {
  /// The utterance as one that is left out for a reason.
  func leftOut(_ reason: String) -> LeftOut { LeftOut(utterance: id, path: path, reason: reason) }
}
