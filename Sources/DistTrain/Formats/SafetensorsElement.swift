/// The element types of safetensors, with the names that the header has for them.
package enum SafetensorsElement: String, Sendable {
  case bool = "BOOL"
  case uint8 = "U8"
  case int8 = "I8"
  case float8e5m2 = "F8_E5M2"
  case float8e4m3 = "F8_E4M3"
  case int16 = "I16"
  case uint16 = "U16"
  case float16 = "F16"
  case bfloat16 = "BF16"
  case int32 = "I32"
  case uint32 = "U32"
  case float32 = "F32"
  case float64 = "F64"
  case int64 = "I64"
  case uint64 = "U64"

  /// The number of bytes of one element.
  package var size: Int {
    switch self {
    case .bool, .uint8, .int8, .float8e5m2, .float8e4m3: 1
    case .int16, .uint16, .float16, .bfloat16: 2
    case .int32, .uint32, .float32: 4
    case .float64, .int64, .uint64: 8
    }
  }

  /// The error of elements that no encoder's weights have.
  struct NoFloats: Error {}

  /// Reads the little-endian elements that begin at an offset of a file as floats, rounded to nearest.
  /// - Throws: `NoFloats`, or the file's own failure.
  func read(_ file: InputFile, at offset: Int, into values: UnsafeMutableBufferPointer<Float>) throws {
    guard let convert else { throw NoFloats() }
    let block = 1 << 18
    var bytes = [UInt8](repeating: 0, count: min(values.count, block) * size)
    for first in stride(from: 0, to: values.count, by: block) {
      let count = min(block, values.count - first)
      try bytes.withUnsafeMutableBytes { bytes in
        let part = UnsafeMutableRawBufferPointer(rebasing: bytes[..<(count * size)])
        try file.read(at: offset + first * size, into: part)
        convert(UnsafeRawBufferPointer(part), UnsafeMutableBufferPointer(rebasing: values[first..<first + count]))
      }
    }
  }

  /// Turns little-endian elements into floats, rounded to nearest; nil for the types that no encoder's weights have.
  private var convert: ((UnsafeRawBufferPointer, UnsafeMutableBufferPointer<Float>) -> Void)? {
    switch self {
    case .float32: Self.conversion(from: UInt32.self) { Float(bitPattern: $0) }
    case .float16, .bfloat16: Self.conversion(from: UInt16.self) { float(bits: $0) }
    case .float64: Self.conversion(from: UInt64.self) { Float(Double(bitPattern: $0)) }
    case .int64: Self.conversion(from: Int64.self) { Float($0) }
    case .int32: Self.conversion(from: Int32.self) { Float($0) }
    default: nil
    }
  }

  private static func conversion<Element: FixedWidthInteger>(
    from type: Element.Type, _ value: @escaping (Element) -> Float
  ) -> (UnsafeRawBufferPointer, UnsafeMutableBufferPointer<Float>) -> Void {
    { source, destination in
      for index in destination.indices {
        let element = source.loadUnaligned(fromByteOffset: index * MemoryLayout<Element>.size, as: Element.self)
        destination[index] = value(Element(littleEndian: element))
      }
    }
  }

  /// The value of a number of 16 bits: in half precision, or a brain float.
  func float(bits: UInt16) -> Float {
    self == .bfloat16 ? Float(bitPattern: UInt32(bits) << 16) : Self.float(half: bits)
  }

  /// The value of a number in IEEE 754 half precision.
  private static func float(half bits: UInt16) -> Float {
    let sign: Float = bits >> 15 == 1 ? -1 : 1
    let exponent = Int(bits >> 10 & 31)
    let fraction = Float(bits & 1023)
    switch exponent {
    case 0: return sign * fraction * 0x1p-24
    case 31: return fraction == 0 ? sign * .infinity : .nan
    default: return sign * (1024 + fraction) * Float(sign: .plus, exponent: exponent - 25, significand: 1)
    }
  }
}
