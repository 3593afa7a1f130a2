import Foundation

/// A stretch of a list's bytes. It is valid only as long as the list is held.
struct ByteText {
  let bytes: UnsafeRawBufferPointer

  init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
  }

  var text: String { String(decoding: bytes, as: UTF8.self) }

  /// Negative where `self` comes before `other` in byte order, 0 where both are the same.
  func compare(_ other: ByteText) -> Int {
    let order = Self.order(bytes, other.bytes, min(bytes.count, other.bytes.count))
    return order == 0 ? bytes.count - other.bytes.count : order
  }

  /// Compares `self` followed by `suffix` with `other` followed by `otherSuffix`; the result is as for `compare(_:)`.
  func compare(_ suffix: [UInt8], _ other: ByteText, _ otherSuffix: [UInt8]) -> Int {
    let order = Self.order(bytes, other.bytes, min(bytes.count, other.bytes.count))
    if order != 0 { return order }
    let (own, others) = (Array(bytes) + suffix, Array(other.bytes) + otherSuffix)
    if own == others { return 0 }
    return own.lexicographicallyPrecedes(others) ? -1 : 1
  }

  private static func order(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer, _ count: Int) -> Int {
    count == 0 ? 0 : Int(memcmp(left.baseAddress!, right.baseAddress!, count))
  }
}

extension ByteText {
  /// Calls `body` with the bytes of a string, which are valid only within the call.
  static func with<Result>(_ string: String, _ body: (ByteText) throws -> Result) rethrows -> Result {
    var string = string
    return try string.withUTF8 { try body(ByteText(UnsafeRawBufferPointer($0))) }
  }
}
