/// Finds anchors and aliases in YAML. Settings have no use for them, and a page of aliases of aliases can stand for
/// more values than any memory holds, so a file is searched for them before it is parsed.
package enum YAMLAliases {
  /// The line, counted from 1, of the first anchor (`&name`) or alias (`*name`) outside of quotes and comments; nil
  /// where there is none. An unquoted text that has one of the two characters after a space counts as one.
  /// - Parameter marks: the first characters of what is searched for.
  package static func firstLine(in text: String, marks: [UInt8] = Array("&*".utf8)) -> Int? {
    var line = 1
    var quote: UInt8?
    var isEscaped = false
    var isComment = false
    // Whether a value may begin here.
    var isStart = true
    for byte in text.utf8 {
      if byte == UInt8(ascii: "\n") {
        line += 1
        isComment = false
        isStart = quote == nil
        isEscaped = false
      } else if isComment || isEscaped {
        isEscaped = false
      } else if let open = quote {
        if byte == open {
          quote = nil
          // Two single quotes stand for one within the text, which goes on.
          isStart = true
        }
        isEscaped = open == UInt8(ascii: "\"") && byte == UInt8(ascii: "\\")
      } else {
        if isStart {
          if marks.contains(byte) { return line }
          if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") { quote = byte }
          isComment = byte == UInt8(ascii: "#")
        }
        isStart = " \t\r[{,:".utf8.contains(byte)
      }
    }
    return nil
  }
}
