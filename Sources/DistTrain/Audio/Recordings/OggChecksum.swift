/// The checksum of an Ogg page (RFC 3533, section 6): CRC-32 of the polynomial 04C11DB7, not reflected, from 0, over
/// all of the page, where the four bytes of the checksum itself count as zeros.
enum OggChecksum {
  private static let field = 22..<26

  /// The number that each value of the highest byte adds to a checksum.
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte) << 24) { sum, _ in sum & 1 << 31 == 0 ? sum << 1 : sum << 1 ^ 0x04C1_1DB7 }
  }

  /// Whether a page has the checksum that it states. A page that is cut short has not.
  static func isRight(_ page: ArraySlice<UInt8>) -> Bool {
    guard page.count > field.upperBound else { return false }
    let stated = page.dropFirst(field.lowerBound).prefix(field.count)
    let zeros = repeatElement(UInt8(0), count: field.count)
    var sum: UInt32 = 0
    add(page.prefix(field.lowerBound), to: &sum)
    add(zeros, to: &sum)
    add(page.dropFirst(field.upperBound), to: &sum)
    return UInt64(sum) == stated.littleEndian
  }

  private static func add(_ bytes: some Collection<UInt8>, to sum: inout UInt32) {
    for byte in bytes { sum = sum << 8 ^ table[Int(sum >> 24) ^ Int(byte)] }
  }
}
