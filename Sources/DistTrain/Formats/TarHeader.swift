/// The block that precedes a member of a tar archive (POSIX.1-1988 ustar, GNU's form of it, or that of the seventh edition
/// of Unix, which has no mark, no prefix and no type of folders).
struct TarHeader {
  static let byteCount = 512

  /// The member's name; nil where it is not UTF-8.
  let name: String?
  let size: Int
  let type: UInt8

  /// Reads the header in a block of 512 bytes.
  /// - Throws: `Failure(.badData)` that says what is wrong with it, without a place.
  init(_ block: [UInt8]) throws(Failure) {
    guard block.count == Self.byteCount else { throw Failure(.badData, "no tar header") }
    let isOld = !block[257..<262].elementsEqual("ustar".utf8)
    guard let sum = Self.number(block[148..<156]), sum == Self.checksum(block) else {
      throw Failure(.badData, isOld ? "no tar header" : "a tar header whose checksum is wrong")
    }
    guard let size = Self.number(block[124..<136]) else { throw Failure(.badData, "a tar header without a size") }
    self.size = size
    let isOldFolder = isOld && block[0..<100].prefix { $0 != 0 }.last == UInt8(ascii: "/")
    type = isOldFolder ? UInt8(ascii: "5") : block[156]
    // GNU's form has other fields where ustar has the beginning of a long name.
    let isGNU = block[262] == UInt8(ascii: " ")
    let prefix = isGNU || isOld ? "" : Self.text(block[345..<500])
    name = Self.text(block[0..<100]).flatMap { name in prefix.map { $0.isEmpty ? name : "\($0)/\(name)" } }
  }

  /// Whether the member is a file.
  var isFile: Bool { [UInt8(ascii: "0"), UInt8(ascii: "7"), 0].contains(type) }

  /// The block of a header, either of a file or of an extension of the header that follows it (`type` x).
  /// - Returns: the 512 bytes, or nil for a name or size that a header cannot hold.
  static func block(name: String, size: Int, type: UInt8 = UInt8(ascii: "0")) -> [UInt8]? {
    guard let (prefix, rest) = divided(Array(name.utf8)), size < 1 << 33 else { return nil }
    var block = [UInt8](repeating: 0, count: byteCount)
    func put(_ bytes: some Sequence<UInt8>, at offset: Int) {
      for (index, byte) in bytes.enumerated() { block[offset + index] = byte }
    }
    func octal(_ number: Int, digits: Int) -> [UInt8] {
      let text = String(number, radix: 8)
      return Array((String(repeating: "0", count: digits - text.count) + text).utf8) + [0]
    }
    put(rest, at: 0)
    for (offset, number, digits) in [(100, 0o644, 7), (108, 0, 7), (116, 0, 7), (124, size, 11), (136, 0, 11)] {
      put(octal(number, digits: digits), at: offset)
    }
    block[156] = type
    put("ustar\u{0}00".utf8, at: 257)
    put(prefix, at: 345)
    put(octal(checksum(block), digits: 6) + [UInt8(ascii: " ")], at: 148)
    return block
  }

  /// The sum of the block's bytes, where those of the checksum itself count as spaces.
  private static func checksum(_ block: [UInt8]) -> Int {
    block.indices.reduce(0) { $0 + ((148..<156).contains($1) ? 32 : Int(block[$1])) }
  }

  /// The value of an octal field, or of one in base 256, which GNU writes for numbers that are too large for octal; nil
  /// for anything else.
  private static func number(_ field: ArraySlice<UInt8>) -> Int? {
    if field.first == 0x80 {
      let bytes = field.dropFirst()
      guard bytes.dropLast(7).allSatisfy({ $0 == 0 }) else { return nil }
      return bytes.suffix(7).reduce(0) { $0 << 8 | Int($1) }
    }
    let digits = field.drop { $0 == UInt8(ascii: " ") }.prefix { $0 != 0 && $0 != UInt8(ascii: " ") }
    guard !digits.isEmpty, digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0) }) else {
      return nil
    }
    return digits.reduce(0) { $0 << 3 | Int($1 - UInt8(ascii: "0")) }
  }

  private static func text(_ field: ArraySlice<UInt8>) -> String? {
    String(validating: field.prefix { $0 != 0 }, as: UTF8.self)
  }

  /// A name divided between the two fields that hold it, or nil for a name that does not fit into them.
  private static func divided(_ name: [UInt8]) -> (prefix: ArraySlice<UInt8>, name: ArraySlice<UInt8>)? {
    guard !name.isEmpty, name.allSatisfy({ (0x20..<0x7F).contains($0) }) else { return nil }
    if name.count <= 100 { return ([], name[...]) }
    let slashes = name.indices.filter { name[$0] == UInt8(ascii: "/") }
    guard let slash = slashes.first(where: { $0 <= 155 && $0 > 0 && (1...100).contains(name.count - $0 - 1) }) else {
      return nil
    }
    return (name[..<slash], name[(slash + 1)...])
  }
}
