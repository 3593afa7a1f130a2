/// The checksum that zip archives have of their files (ISO 3309; PKWARE's APPNOTE, 4.4.7): the remainder of the bits,
/// the lowest of each byte first, by the polynomial 0xEDB88320, in the same order and without its highest term.
package enum CRC32 {
  private static let table = table(of: 0xEDB8_8320)

  /// The checksum of bytes.
  package static func of(_ bytes: UnsafeRawBufferPointer) -> UInt32 { remainder(of: bytes, table) }

  /// The remainders of all bytes by a polynomial, whose bits are in the order of `CRC32`'s own.
  static func table(of polynomial: UInt32) -> [UInt32] {
    (0..<256).map { byte in
      (0..<8).reduce(UInt32(byte)) { rest, _ in rest & 1 == 0 ? rest >> 1 : rest >> 1 ^ polynomial }
    }
  }

  /// The remainder of bytes, with the bits of the first four and of the result inverted.
  /// - Parameter table: the remainders of all bytes.
  static func remainder(of bytes: UnsafeRawBufferPointer, _ table: [UInt32]) -> UInt32 {
    table.withUnsafeBufferPointer { table in
      var rest = UInt32.max
      for byte in bytes { rest = rest >> 8 ^ table[Int(UInt8(truncatingIfNeeded: rest) ^ byte)] }
      return ~rest
    }
  }
}
