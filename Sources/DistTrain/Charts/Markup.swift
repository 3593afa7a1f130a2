/// Text in XML and HTML.
enum Markup {
  /// A text that may stand between tags and in attributes, with what cannot be seen written out.
  static func escaped(_ text: String) -> String {
    var escaped = ""
    for scalar in text.shown.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}
