extension BidirectionalCollection<UInt8> {
  /// The number whose bytes these are, the highest first; of more than eight bytes, the lowest eight count.
  var bigEndian: UInt64 { reduce(0) { $0 << 8 | UInt64($1) } }

  /// The number whose bytes these are, the lowest first.
  var littleEndian: UInt64 { reversed().reduce(0) { $0 << 8 | UInt64($1) } }
}

/// The lowest bytes of a number, the lowest first.
func littleEndian(_ number: Int, _ count: Int) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
}
