/// The fields of a message in the encoding of protocol buffers (protobuf.dev, "Encoding") that lies in a stretch of a
/// file, one after another. Of texts, bytes and messages within it only the places are told: what is large is never
/// read, and nothing is believed of a length that the stretch does not hold.
struct ProtobufFields {
  /// The error of bytes that are no such message.
  struct Malformed: Error {
    let what: String
    let offset: Int
  }

  /// The value of a field.
  enum Value {
    case number(UInt64)
    /// A number of 4 or 8 bytes, none of which is read here.
    case fixed
    /// The place of a text, of bytes, of a message or of numbers one behind the other.
    case delimited(Range<Int>)
  }

  private let window: FileWindow
  private var offset: Int
  private let end: Int

  /// - Parameter range: the place of the message, which is inside the file.
  init(_ window: FileWindow, in range: Range<Int>) {
    self.window = window
    (offset, end) = (range.lowerBound, range.upperBound)
  }

  /// The next field's number and value; nil at the end of the message.
  /// - Throws: `Malformed`, or the file's own failure.
  mutating func next() throws -> (field: Int, value: Value)? {
    guard offset < end else { return nil }
    let start = offset
    let tag = try varint()
    let field = Int(tag >> 3)
    guard field > 0 else { throw Malformed(what: "a field without a number", offset: start) }
    switch tag & 7 {
    case 0: return (field, .number(try varint()))
    case 1: _ = try skip(8)
    case 2:
      let length = try varint()
      guard length <= UInt64(end - offset) else {
        throw Malformed(what: "field \(field) of \(length) bytes, of which \(end - offset) are there", offset: start)
      }
      return (field, .delimited(try skip(Int(length))))
    case 5: _ = try skip(4)
    default: throw Malformed(what: "field \(field) of an unknown encoding", offset: start)
    }
    return (field, .fixed)
  }

  /// All numbers that lie in the stretch one behind the other.
  mutating func numbers() throws -> [UInt64] {
    var numbers: [UInt64] = []
    while offset < end { numbers.append(try varint()) }
    return numbers
  }

  private mutating func skip(_ count: Int) throws -> Range<Int> {
    guard count <= end - offset else { throw Malformed(what: "a number that is cut off", offset: offset) }
    defer { offset += count }
    return offset..<offset + count
  }

  /// A number in groups of seven bits, the lowest first, each but the last with the eighth bit set.
  private mutating func varint() throws -> UInt64 {
    var number: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      let byte = try window.byte(at: try skip(1).lowerBound)
      number |= UInt64(byte & 127) << shift
      if byte < 128 { return number }
    }
    throw Malformed(what: "a number of more than 64 bits", offset: offset)
  }
}
