/// A message in the encoding of protocol buffers (protobuf.dev, "Encoding"), with what the writer of a few fields needs:
/// whole numbers, floats, texts, bytes, tensors and messages. Tensors stay where they lie in memory until the message is
/// written.
package struct ProtobufMessage {
  /// A stretch of the encoded message.
  private enum Piece {
    case bytes([UInt8])
    case tensor(NamedTensor)
  }

  /// How a field's value is encoded, the three low bits of its tag.
  private enum Wire: UInt64 {
    case varint = 0
    case fixed64 = 1
    case delimited = 2
    case fixed32 = 5
  }

  private var pieces: [Piece] = []
  /// The bytes behind the pieces.
  private var last: [UInt8] = []
  /// The number of bytes of the encoded message.
  package private(set) var count = 0

  package init() {}

  /// Adds a whole number.
  package mutating func add(_ field: Int, _ value: Int) {
    tag(field, .varint)
    append(Self.varint(UInt64(bitPattern: Int64(value))))
  }

  /// Adds a number in single precision.
  package mutating func add(_ field: Int, _ value: Float) {
    tag(field, .fixed32)
    append(Self.littleEndian(value.bitPattern))
  }

  /// Adds a number in double precision.
  package mutating func add(_ field: Int, double value: Double) {
    tag(field, .fixed64)
    append(Self.littleEndian(value.bitPattern))
  }

  /// Adds numbers in double precision, one behind the other.
  package mutating func add(_ field: Int, doubles values: [Double]) {
    add(field, values.flatMap { Self.littleEndian($0.bitPattern) })
  }

  package mutating func add(_ field: Int, _ text: String) { add(field, Array(text.utf8)) }

  package mutating func add(_ field: Int, _ bytes: [UInt8]) {
    begin(field, count: bytes.count)
    append(bytes)
  }

  /// Adds the elements of a tensor as bytes.
  package mutating func add(_ field: Int, elementsOf tensor: NamedTensor) {
    begin(field, count: tensor.count * MemoryLayout<Float>.size)
    append(tensor)
  }

  package mutating func add(_ field: Int, _ message: ProtobufMessage) {
    begin(field, count: message.count)
    for piece in message.pieces {
      switch piece {
      case .bytes(let bytes): append(bytes)
      case .tensor(let tensor): append(tensor)
      }
    }
    append(message.last)
  }

  /// The encoded message.
  /// - Precondition: it has no tensors.
  package var bytes: [UInt8] {
    precondition(pieces.isEmpty, "tensors are written from where they lie")
    return last
  }

  /// Writes the message.
  package func write(into file: OutputFile) throws {
    for piece in pieces {
      switch piece {
      case .bytes(let bytes): try file.write(bytes)
      case .tensor(let tensor): try tensor.withBytes { try file.write($0) }
      }
    }
    try file.write(last)
  }

  /// The bytes of a number, the lowest first.
  static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    (0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  private mutating func tag(_ field: Int, _ wire: Wire) { append(Self.varint(UInt64(field) << 3 | wire.rawValue)) }

  private mutating func begin(_ field: Int, count: Int) {
    tag(field, .delimited)
    append(Self.varint(UInt64(count)))
  }

  private mutating func append(_ bytes: [UInt8]) {
    last += bytes
    count += bytes.count
  }

  private mutating func append(_ tensor: NamedTensor) {
    pieces += [.bytes(last), .tensor(tensor)]
    last = []
    count += tensor.count * MemoryLayout<Float>.size
  }

  /// A number in groups of seven bits, the lowest first, each but the last with the eighth bit set.
  private static func varint(_ value: UInt64) -> [UInt8] {
    var (rest, bytes) = (value, [UInt8]())
    while rest >= 128 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 128)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }
}
