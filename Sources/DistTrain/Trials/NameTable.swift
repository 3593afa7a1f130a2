/// Numbers names in the order in which they first appear. Names are looked up as bytes, because the millions of them in
/// a trial list would cost seconds as strings.
struct NameTable {
  private var bytes: [UInt8] = []
  /// The place in `bytes` at which name `i` begins, and one more place for the end.
  private var starts: [Int] = [0]
  /// An open hash table of numbers, where -1 marks a free slot; its size is a power of two.
  private var slots = [Int32](repeating: -1, count: 1024)

  var count: Int { starts.count - 1 }

  /// The names in the order of their numbers.
  var names: [String] { (0..<count).map { String(decoding: bytes[starts[$0]..<starts[$0 + 1]], as: UTF8.self) } }

  /// The number of a name, which is a new one where the name has not come before.
  mutating func number(of name: UnsafeRawBufferPointer) -> Int32 {
    if count * 2 >= slots.count { grow() }
    var slot = Self.hash(name) & (slots.count - 1)
    while slots[slot] >= 0 {
      if equals(Int(slots[slot]), name) { return slots[slot] }
      slot = (slot + 1) & (slots.count - 1)
    }
    slots[slot] = Int32(count)
    bytes.append(contentsOf: name)
    starts.append(bytes.count)
    return slots[slot]
  }

  private func equals(_ number: Int, _ name: UnsafeRawBufferPointer) -> Bool {
    let start = starts[number]
    guard starts[number + 1] - start == name.count else { return false }
    for index in name.indices where bytes[start + index] != name[index] { return false }
    return true
  }

  private mutating func grow() {
    slots = [Int32](repeating: -1, count: slots.count * 2)
    bytes.withUnsafeBytes { bytes in
      for number in 0..<count {
        var slot =
          Self.hash(UnsafeRawBufferPointer(rebasing: bytes[starts[number]..<starts[number + 1]])) & (slots.count - 1)
        while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = Int32(number)
      }
    }
  }

  /// FNV-1a with its high bits folded down, because the low bits choose the slot.
  private static func hash(_ name: UnsafeRawBufferPointer) -> Int {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in name { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    return Int(truncatingIfNeeded: hash ^ hash >> 32)
  }
}
