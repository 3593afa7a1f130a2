/// An utterance or file that svdist prepare left out, and the reason.
package struct LeftOut: Sendable, Equatable {
  /// The id of the utterance, or `-` for a file that never became one.
  package let utterance: String
  package let path: String
  package let reason: String

  /// The reason without its particulars, for counting: `is truncated: its header promises 6400 bytes …` is of the kind
  /// `is truncated`.
  package var kind: String {
    var kind = ""
    var depth = 0
    var isNumber = false
    for character in reason.prefix(while: { $0 != ":" && $0 != ";" && $0 != "," }) {
      if character == "(" { depth += 1 }
      if depth == 0 {
        if !character.isNumber { kind.append(character) } else if !isNumber { kind.append("N") }
        isNumber = character.isNumber
      }
      if character == ")" { depth -= 1 }
    }
    return kind.split(separator: " ").joined(separator: " ")
  }
}
