/// An utterance or file that svdist prepare left out, and the reason.
package struct LeftOut: Sendable, Equatable {
  /// The id of the utterance, or `-` for a file that never became one.
  package let utterance: String
  package let path: String
  package let reason: String

  /// The reason without its particulars, for counting: `is truncated: its header promises 6400 bytes …` is of the kind
  /// `is truncated`. A number becomes N, but not the digits of a word such as .m4a or UTF-8.
  package var kind: String { Self.kind(of: reason) }

  /// The part of a reason before its particulars, which follow a colon, a semicolon or a relative clause's comma. One
  /// word, such as the name of a field, is not yet a kind.
  private static func general(_ reason: String) -> Substring {
    var before: Character = " "
    var hasWords = false
    for index in reason.indices {
      let character = reason[index]
      if character == " ", hasWords, before == ":" || before == ";" { return reason[..<index].dropLast() }
      if character == ",", reason[index...].hasPrefix(", which ") { return reason[..<index] }
      hasWords = hasWords || character == " " && before != ":"
      before = character
    }
    return reason[...]
  }

  /// The kind of a reason.
  package static func kind(of reason: String) -> String {
    var kind = ""
    var depth = 0
    var number = ""
    var isInWord = false
    func closed(before next: Character?) -> String {
      number.isEmpty ? "" : isInWord || next?.isLetter == true ? number : "N"
    }
    for character in general(reason) {
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

extension LeftOut {
  /// The wrong lines of a list that an utterance's own lists do not have.
  /// - Parameter kind: what such a line is not: `is no trial`.
  static func lines(_ faults: [ListFault], of path: String, _ kind: String) -> [LeftOut] {
    faults.map { LeftOut(utterance: "-", path: "\(path):\($0.line)", reason: "\(kind): \($0.what)") }
  }
}

extension KaldiList {
  /// The lines that were passed over, as those of other lists.
  var listFaults: [ListFault] { faults.map { ListFault(line: $0.number, what: $0.what) } }
}
