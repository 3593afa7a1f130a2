/// The checksum by Castagnoli's polynomial (RFC 3720, 12.1), which records of TensorFlow have: the remainder of the bits,
/// the lowest of each byte first, by the polynomial 0x82F63B78, in the same order and without its highest term.
package enum CRC32C {
  private static let table = CRC32.table(of: 0x82F6_3B78)

  /// The checksum of bytes.
  package static func of(_ bytes: [UInt8]) -> UInt32 { bytes.withUnsafeBytes { CRC32.remainder(of: $0, table) } }

  /// The checksum in the form in which it stands beside the bytes that it is of (tensorflow/core/lib/hash/crc32c.h,
  /// "Mask"): turned to the right by 15 bits, plus a constant, so that checksums of checksums do not come about.
  package static func masked(_ bytes: [UInt8]) -> UInt32 {
    let checksum = of(bytes)
    return (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8
  }
}
