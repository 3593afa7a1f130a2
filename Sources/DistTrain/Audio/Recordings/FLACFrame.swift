/// The head of a frame of a FLAC file (RFC 9639, section 9.1).
struct FLACFrame {
  /// The number of samples of each channel up to the frame's end.
  let end: Int

  /// A length in bytes that every frame exceeds.
  static let shortest = 9

  /// Reads the head that some bytes begin with; nil where they begin with none.
  /// - Parameter blockSize: the number of samples that all frames but the last have, in files whose frames are
  ///   numbered.
  init?(_ bytes: ArraySlice<UInt8>, blockSize: Int) {
    guard bytes.count > Self.shortest else { return nil }
    let first = bytes.startIndex
    let code = Int(bytes[first + 2] >> 4)
    guard code > 0, bytes[first + 2] & 0xF < 0xF, bytes[first + 3] >> 4 < 11,
      bytes[first + 3] & 1 == 0
    else { return nil }
    var place = first + 4
    guard let number = Self.number(bytes, at: &place) else { return nil }
    let samples: Int
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
    guard place < bytes.endIndex, Self.remainder(bytes[first...place], bits: 8, polynomial: 0x07) == 0 else {
      return nil
    }
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

  /// The checksum of a whole frame with its own one at the end: 0 where nothing in it has changed.
  static func checksum(_ frame: ArraySlice<UInt8>) -> Int { remainder(frame, bits: 16, polynomial: 0x8005) }

  /// The remainder of bytes, highest bits first, by a polynomial without its leading term.
  private static func remainder(_ bytes: ArraySlice<UInt8>, bits: Int, polynomial: Int) -> Int {
    bytes.reduce(0) { sum, byte in
      (0..<8).reduce(sum ^ Int(byte) << (bits - 8)) { sum, _ in
        let shifted = sum << 1
        return (sum >> (bits - 1) & 1 == 1 ? shifted ^ polynomial : shifted) & (1 << bits - 1)
      }
    }
  }
}
