/// Reads JSON from its beginning, for headers that come from outside. Members keep their order, a name that comes twice
/// is an error, and only the nesting that the caller asks for is read.
struct JSONScanner {
  /// The error of a text that is not the expected JSON.
  struct Malformed: Error {
    /// The description of what was expected.
    let expected: String
    /// The offset of the byte at which something else stood.
    let offset: Int
  }

  private let bytes: [UInt8]
  private var offset = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Reads an object and calls `member` with each name, which must read the value.
  mutating func object(_ member: (inout JSONScanner, String) throws -> Void) throws {
    try expect("{")
    if take("}") { return }
    var names: Set<String> = []
    repeat {
      skipSpace()
      let name = try string()
      guard names.insert(name).inserted else {
        throw Malformed(expected: "\(JSONText.quoted(name)) only once", offset: offset)
      }
      try expect(":")
      try member(&self, name)
    } while take(",")
    try expect("}")
  }

  /// Reads an array and calls `element` before each element, which must read the element.
  mutating func array(_ element: (inout JSONScanner) throws -> Void) throws {
    try expect("[")
    if take("]") { return }
    repeat { try element(&self) } while take(",")
    try expect("]")
  }

  /// Reads a string.
  mutating func string() throws -> String {
    try expect("\"")
    var text: [UInt8] = []
    while offset < bytes.count {
      let byte = bytes[offset]
      offset += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let string = String(validating: text, as: UTF8.self) else {
          throw Malformed(expected: "UTF-8 in a string", offset: offset)
        }
        return string
      case UInt8(ascii: "\\"): text += try escape()
      case ..<0x20: throw Malformed(expected: "no control characters in a string", offset: offset - 1)
      default: text.append(byte)
      }
    }
    throw Malformed(expected: "the end of a string", offset: offset)
  }

  /// Reads a whole number from 0 to Int.max.
  mutating func count() throws -> Int {
    skipSpace()
    let start = offset
    var value = 0
    while offset < bytes.count, case UInt8(ascii: "0")...UInt8(ascii: "9") = bytes[offset] {
      let (product, tooLarge) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflow) = product.addingReportingOverflow(Int(bytes[offset] - UInt8(ascii: "0")))
      guard !tooLarge, !overflow else { throw Malformed(expected: "a number below 2^63", offset: start) }
      value = sum
      offset += 1
    }
    guard offset > start else { throw Malformed(expected: "a whole number of at least 0", offset: start) }
    return value
  }

  /// Checks that nothing but white space is left.
  mutating func end() throws {
    skipSpace()
    guard offset == bytes.count else { throw Malformed(expected: "nothing more", offset: offset) }
  }

  private mutating func skipSpace() {
    while offset < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[offset]) { offset += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard offset < bytes.count, bytes[offset] == UInt8(ascii: character) else { return false }
    offset += 1
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar) throws {
    guard take(character) else { throw Malformed(expected: "'\(character)'", offset: offset) }
  }

  private mutating func escape() throws -> [UInt8] {
    guard offset < bytes.count else { throw Malformed(expected: "the end of a string", offset: offset) }
    let byte = bytes[offset]
    offset += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "u"): return try unicode()
    default: throw Malformed(expected: "a known escape in a string", offset: offset - 1)
    }
  }

  /// The scalar after `\u`, or after two such escapes where the first is half of a surrogate pair, in UTF-8.
  private mutating func unicode() throws -> [UInt8] {
    var units = [try codeUnit()]
    if UTF16.isLeadSurrogate(units[0]), offset + 1 < bytes.count, bytes[offset] == UInt8(ascii: "\\"),
      bytes[offset + 1] == UInt8(ascii: "u")
    {
      offset += 2
      units.append(try codeUnit())
    }
    guard let text = String(validating: units, as: UTF16.self) else {
      throw Malformed(expected: "a whole surrogate pair", offset: offset)
    }
    return Array(text.utf8)
  }

  private mutating func codeUnit() throws -> UInt16 {
    let end = offset + 4
    guard end <= bytes.count, bytes[offset..<end].allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
      let unit = UInt16(String(decoding: bytes[offset..<end], as: UTF8.self), radix: 16)
    else { throw Malformed(expected: "four hexadecimal digits", offset: offset) }
    offset = end
    return unit
  }
}
