/// The head of a frame of a FLAC file (RFC 9639, section 9.1).
struct FLACFrame {
  /// The number of samples of each channel up to the frame's end.
  let end: Int
  /// The number of samples of each channel in the frame.
  let samples: Int

  /// A length in bytes that every frame exceeds.
  static let shortest = 9

  /// A number of bytes in which every head lies.
  static let longestHead = 24

  /// Reads the head that some bytes begin with; nil where they begin with none.
  /// - Parameter blockSize: the number of samples that all frames but the last have, in files whose frames are
  ///   numbered.
  init?(_ bytes: ArraySlice<UInt8>, blockSize: Int) {
    guard bytes.count > Self.shortest else { return nil }
    let first = bytes.startIndex
    guard bytes[first] == 0xFF, bytes[first + 1] & 0xFE == 0xF8 else { return nil }
    let code = Int(bytes[first + 2] >> 4)
    guard code > 0, bytes[first + 2] & 0xF < 0xF, bytes[first + 3] >> 4 < 11,
      bytes[first + 3] & 1 == 0
    else { return nil }
    var place = first + 4
    guard let number = Self.number(bytes, at: &place) else { return nil }
    switch code {
    case 1: samples = 192
    case 2...5: samples = 576 << (code - 2)
    case 6, 7:
      let extra = bytes[place...].prefix(code - 5)
      samples = Int(extra.bigEndian) + 1
      place += extra.count
    default: samples = 256 << (code - 8)
    }
    place += [0xC: 1, 0xD: 2, 0xE: 2][bytes[first + 2] & 0xF] ?? 0
    guard place < bytes.endIndex, Self.headChecksum(bytes[first...place]) == 0 else { return nil }
    let isNumbered = bytes[first + 1] & 1 == 0
    end = number * (isNumbered ? blockSize : 1) + samples
  }

  /// Reads the number of a frame, or of its first sample, and moves behind it; nil where there is none.
  private static func number(_ bytes: ArraySlice<UInt8>, at place: inout Int) -> Int? {
    // It is coded as UTF-8 codes characters, in up to seven bytes.
    let ones = (~bytes[place]).leadingZeroBitCount
    guard ones != 1, ones < 8 else { return nil }
    var number = Int(bytes[place] & (0x7F >> ones))
    place += 1
    for _ in 0..<max(0, ones - 1) {
      guard place < bytes.endIndex, bytes[place] & 0xC0 == 0x80 else { return nil }
      number = number << 6 | Int(bytes[place] & 0x3F)
      place += 1
    }
    return number
  }

  /// The checksum of a head with its own one at the end, CRC-8 of the polynomial 07: 0 where nothing in it has changed.
  private static func headChecksum(_ head: ArraySlice<UInt8>) -> UInt8 {
    head.reduce(0) { sum, byte in
      (0..<8).reduce(sum ^ byte) { sum, _ in sum & 0x80 == 0 ? sum << 1 : sum << 1 ^ 0x07 }
    }
  }

  /// The number that each value of the highest byte adds to a frame's checksum, CRC-16 of the polynomial 8005.
  private static let table: [UInt16] = (0..<256).map { byte in
    (0..<8).reduce(UInt16(byte) << 8) { sum, _ in sum & 1 << 15 == 0 ? sum << 1 : sum << 1 ^ 0x8005 }
  }

  /// The checksum of a whole frame with its own one at the end: 0 where nothing in it has changed.
  static func checksum(_ frame: ArraySlice<UInt8>) -> UInt16 {
    var sum: UInt16 = 0
    _ = zero(of: frame, &sum) { _ in false }
    return sum
  }

  /// Adds bytes to a checksum up to the first place behind which it is 0 and `isEnd` holds.
  /// - Returns: the number of bytes up to there; nil where there is no such place.
  static func zero(of bytes: ArraySlice<UInt8>, _ sum: inout UInt16, where isEnd: (_ count: Int) -> Bool) -> Int? {
    table.withUnsafeBufferPointer { table in
      bytes.withUnsafeBufferPointer { bytes in
        for (index, byte) in bytes.enumerated() {
          sum = sum << 8 ^ table[Int(sum >> 8) ^ Int(byte)]
          if sum == 0, isEnd(index + 1) { return index + 1 }
        }
        return nil
      }
    }
  }
}
