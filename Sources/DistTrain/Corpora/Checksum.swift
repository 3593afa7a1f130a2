/// 32 bits of bytes, to tell whether two ranks or two runs saw the same: FNV-1a of Fowler, Noll and Vo.
struct Checksum: Sendable, Equatable {
  private(set) var value: UInt32 = 0x811C_9DC5

  mutating func add(_ bytes: some Sequence<UInt8>) {
    for byte in bytes { value = (value ^ UInt32(byte)) &* 0x0100_0193 }
  }
}
