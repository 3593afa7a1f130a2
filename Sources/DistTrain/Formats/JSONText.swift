/// Writes JSON by hand, for texts in which the order of keys matters or numbers may not be finite.
package enum JSONText {
  /// A JSON string, with its quotation marks and escapes.
  package static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case "\r": result += "\\r"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  /// The shortest text that reads back as the same number. JSON has no infinities and no NaN, so these become `null`.
  package static func number(_ value: Double) -> String { value.isFinite ? "\(value)" : "null" }
}
