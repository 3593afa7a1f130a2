/// Reads a pickle of protocol 2 to 5 (PEP 307, 3154 and 574) as far as PyTorch's files of tensors and plain values need
/// it. A pickle is a program for a machine with a stack; this one has no instruction that calls anything.
struct PickleReader {
  /// The error of bytes that are no pickle, or one with what is not read here.
  struct Malformed: Error {
    let what: String
    /// The offset of the instruction.
    let offset: Int
  }

  /// The instructions, in the words of Python's `pickletools`.
  private enum Instruction: UInt8 {
    case mark = 0x28
    case stop = 0x2E
    case none = 0x4E
    case binInt = 0x4A
    case binInt1 = 0x4B
    case binInt2 = 0x4D
    case binFloat = 0x47
    case binUnicode = 0x58
    case binString = 0x54
    case shortBinString = 0x55
    case binBytes = 0x42
    case shortBinBytes = 0x43
    case emptyList = 0x5D
    case append = 0x61
    case appends = 0x65
    case emptyTuple = 0x29
    case tuple = 0x74
    case emptyDictionary = 0x7D
    case setItem = 0x73
    case setItems = 0x75
    case global = 0x63
    case reduce = 0x52
    case build = 0x62
    case outside = 0x51
    case get = 0x68
    case longGet = 0x6A
    case put = 0x71
    case longPut = 0x72
    case protocolNumber = 0x80
    case newObject = 0x81
    case tuple1 = 0x85
    case tuple2 = 0x86
    case tuple3 = 0x87
    case newTrue = 0x88
    case newFalse = 0x89
    case long1 = 0x8A
    case shortBinUnicode = 0x8C
    case binUnicode8 = 0x8D
    case binBytes8 = 0x8E
    case emptySet = 0x8F
    case addItems = 0x90
    case stackGlobal = 0x93
    case memoize = 0x94
    case frame = 0x95
  }

  /// The most values, all instructions' together, for which memory is taken.
  static let mostValues = 1 << 22

  private let bytes: [UInt8]
  private var offset = 0
  private var start = 0
  private var values = 0
  private var stack: [PickleValue] = []
  /// The heights of the stack at its marks.
  private var marks: [Int] = []
  private var memo: [Int: PickleValue] = [:]
  private var pickle = Pickle()

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Reads the whole pickle.
  /// - Throws: `Malformed`.
  mutating func read() throws -> Pickle {
    while true {
      start = offset
      let code = try takeByte()
      guard let instruction = Instruction(rawValue: code) else {
        throw malformed("an instruction 0x\(String(code, radix: 16)), which no file of tensors needs,")
      }
      if instruction == .stop {
        pickle.root = try pop()
        return pickle
      }
      values += 1
      guard values <= Self.mostValues else { throw malformed("more than \(Self.mostValues) values") }
      guard try readPlain(instruction) || readText(instruction) || readCollection(instruction) else {
        try readObject(instruction)
        continue
      }
    }
  }

  private func malformed(_ what: String) -> Malformed { Malformed(what: what, offset: start) }

  private mutating func takeByte() throws -> UInt8 {
    guard let byte = try take(1).first else { throw malformed("no end") }
    return byte
  }

  /// The next bytes.
  private mutating func take(_ count: Int) throws -> ArraySlice<UInt8> {
    guard count <= bytes.count - offset else { throw malformed("no end: \(bytes.count) bytes and then nothing") }
    defer { offset += count }
    return bytes[offset..<offset + count]
  }

  /// The bytes behind their number, which itself has so many bytes.
  private mutating func takeCounted(_ size: Int) throws -> ArraySlice<UInt8> {
    let count = try take(size).littleEndian
    guard count <= UInt64(bytes.count) else { throw malformed("a text of \(count) bytes, more than there are,") }
    return try take(Int(count))
  }

  private mutating func takeInteger(_ size: Int) throws -> Int { Int(try take(size).littleEndian) }

  private mutating func takeLine() throws -> String {
    guard let end = bytes[offset...].firstIndex(of: UInt8(ascii: "\n")) else { throw malformed("a line without end") }
    defer { offset = end + 1 }
    return String(decoding: bytes[offset..<end], as: UTF8.self)
  }

  /// The value on top of the stack, above the last mark.
  private mutating func pop() throws -> PickleValue {
    guard stack.count > marks.last ?? 0, let value = stack.popLast() else { throw malformed("too few values") }
    return value
  }

  /// The values above the last mark, which goes too.
  private mutating func popMarked() throws -> [PickleValue] {
    guard let mark = marks.popLast() else { throw malformed("a mark too few") }
    defer { stack.removeSubrange(mark...) }
    return Array(stack[mark...])
  }
}

extension PickleReader {
  /// Carries out an instruction for a number or another plain value; says whether it was one.
  private mutating func readPlain(_ instruction: Instruction) throws -> Bool {
    switch instruction {
    case .none: stack.append(.none)
    case .newTrue: stack.append(.truth(true))
    case .newFalse: stack.append(.truth(false))
    case .binInt: stack.append(.integer(Int(Int32(truncatingIfNeeded: try takeInteger(4)))))
    case .binInt1: stack.append(.integer(try takeInteger(1)))
    case .binInt2: stack.append(.integer(try takeInteger(2)))
    case .long1: stack.append(Self.long(try takeCounted(1)))
    case .binFloat: stack.append(.real(Double(bitPattern: try take(8).bigEndian)))
    case .protocolNumber:
      let number = try takeInteger(1)
      guard (2...5).contains(number) else { throw malformed("protocol \(number), not 2 to 5,") }
    case .frame: _ = try take(8)
    default: return false
    }
    return true
  }

  /// The number in two's complement, the lowest byte first.
  private static func long(_ bytes: ArraySlice<UInt8>) -> PickleValue {
    guard let highest = bytes.last else { return .integer(0) }
    guard bytes.count <= 8 else { return .unread }
    let sign = highest & 0x80 == 0 || bytes.count == 8 ? 0 : UInt64.max << (8 * UInt64(bytes.count))
    return .integer(Int(bitPattern: UInt(bytes.littleEndian | sign)))
  }

  /// Carries out an instruction for text or bytes; says whether it was one.
  private mutating func readText(_ instruction: Instruction) throws -> Bool {
    func text(_ bytes: ArraySlice<UInt8>) -> PickleValue { .text(String(decoding: bytes, as: UTF8.self)) }
    switch instruction {
    case .shortBinUnicode, .shortBinString: stack.append(text(try takeCounted(1)))
    case .binUnicode, .binString: stack.append(text(try takeCounted(4)))
    case .binUnicode8: stack.append(text(try takeCounted(8)))
    case .shortBinBytes: try skipBytes(1)
    case .binBytes: try skipBytes(4)
    case .binBytes8: try skipBytes(8)
    default: return false
    }
    return true
  }

  private mutating func skipBytes(_ size: Int) throws {
    _ = try takeCounted(size)
    stack.append(.unread)
  }

  /// Carries out an instruction for a list, a tuple, a set or a dictionary; says whether it was one.
  private mutating func readCollection(_ instruction: Instruction) throws -> Bool {
    switch instruction {
    case .mark: marks.append(stack.count)
    case .emptyList, .emptyTuple, .emptySet: pushList([])
    case .tuple: pushList(try popMarked())
    case .tuple1: try pushTuple(1)
    case .tuple2: try pushTuple(2)
    case .tuple3: try pushTuple(3)
    case .append:
      let value = try pop()
      try append([value])
    case .appends, .addItems: try append(try popMarked())
    case .emptyDictionary: stack.append(.dictionary(pushDictionary()))
    case .setItem:
      let value = try pop()
      let key = try pop()
      try set([key, value])
    case .setItems: try set(try popMarked())
    default: return false
    }
    return true
  }

  private mutating func pushTuple(_ count: Int) throws {
    var elements: [PickleValue] = []
    for _ in 0..<count { elements.append(try pop()) }
    pushList(elements.reversed())
  }

  private mutating func pushList(_ elements: [PickleValue]) {
    pickle.lists.append(elements)
    stack.append(.list(pickle.lists.count - 1))
  }

  private mutating func pushDictionary() -> Int {
    pickle.dictionaries.append([])
    return pickle.dictionaries.count - 1
  }

  /// Adds to the list on top of the stack. What an object would do with elements is not known.
  private mutating func append(_ elements: [PickleValue]) throws {
    let target = try pop()
    switch target {
    case .list(let position): pickle.lists[position] += elements
    case .object: break
    default: throw malformed("elements for what is no list")
    }
    stack.append(target)
  }

  /// Puts pairs into the dictionary or the object on top of the stack.
  private mutating func set(_ pairs: [PickleValue]) throws {
    guard pairs.count % 2 == 0 else { throw malformed("a key without a value") }
    let target = try pop()
    let position: Int
    switch target {
    case .dictionary(let own): position = own
    case .object(let object): position = pickle.objects[object].items
    default: throw malformed("items for what is no dictionary")
    }
    for index in stride(from: 0, to: pairs.count, by: 2) {
      pickle.dictionaries[position].append((pairs[index], pairs[index + 1]))
    }
    stack.append(target)
  }

  /// Carries out an instruction for a name, an object or what is remembered.
  private mutating func readObject(_ instruction: Instruction) throws {
    switch instruction {
    case .global:
      let module = try takeLine()
      stack.append(.name("\(module).\(try takeLine())"))
    case .stackGlobal:
      guard case .text(let name) = try pop(), case .text(let module) = try pop() else {
        throw malformed("a name that is no text")
      }
      stack.append(.name("\(module).\(name)"))
    case .reduce, .newObject:
      guard case .list(let arguments) = try pop(), case .name(let name) = try pop() else {
        throw malformed("a call of what has no name")
      }
      pickle.objects.append(Pickle.Object(name: name, arguments: arguments, items: pushDictionary()))
      stack.append(.object(pickle.objects.count - 1))
    case .build:
      _ = try pop()
      guard case .object? = stack.last else { throw malformed("a state of what is no object") }
    case .outside:
      guard case .list(let position) = try pop() else { throw malformed("a reference that is no tuple") }
      stack.append(.outside(position))
    case .put, .longPut, .memoize:
      let value = try pop()
      let position = instruction == .memoize ? memo.count : try takeInteger(instruction == .put ? 1 : 4)
      memo[position] = value
      stack.append(value)
    default:
      let position = try takeInteger(instruction == .get ? 1 : 4)
      guard let value = memo[position] else { throw malformed("a value that was never kept") }
      stack.append(value)
    }
  }
}
