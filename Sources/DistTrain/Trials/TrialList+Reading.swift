extension TrialList {
  /// Reads a list whose lines have one of two orders, `1|0 enrolment test` (VoxCeleb) or, in most corpora and toolkits,
  /// `enrolment test 1|0|target|nontarget` (CN-Celeb, 3D-Speaker, Kaldi, wespeaker). The first line that fits only one
  /// of them decides for the file.
  ///
  /// - Throws: `Failure(.badData)` with the file, the line and what was expected there.
  public static func read(_ path: String) throws -> TrialList {
    var reader = Reader(path: path)
    try InputFile.contents(of: path).withUnsafeBytes { bytes in
      reader.order = try Reader.order(of: bytes, path: path)
      try Reader.forEachLine(of: bytes) { try reader.read($0, line: $1) }
    }
    return TrialList(path: path, names: reader.table.names, trials: reader.trials, emptyLines: reader.emptyLines)
  }
}

extension TrialList {
  private enum Order {
    case targetFirst, targetLast

    var expected: String {
      switch self {
      case .targetFirst: "'1|0 enrolment test'"
      case .targetLast: "'enrolment test 1|0|target|nontarget'"
      }
    }
  }

  private struct Reader {
    let path: String
    var order = Order.targetLast
    var table = NameTable()
    var trials: [Trial] = []
    var emptyLines: [Int] = []

    init(path: String) { self.path = path }

    mutating func read(_ line: UnsafeRawBufferPointer, line number: Int) throws {
      let fields = Fields(line)
      if fields.count == 0 {
        emptyLines.append(trials.count)
        return
      }
      let names = order == .targetFirst ? (fields.second, fields.third) : (fields.first, fields.second)
      let target = order == .targetFirst ? Self.binary(fields.first) : Self.target(fields.third)
      guard fields.count == 3, let target else {
        throw Self.malformed(path, number, line, expected: order.expected)
      }
      guard table.count < Int(Int32.max) - 2 else { throw Failure(.badData, "\(path) has too many names") }
      let enrolment = table.number(of: names.0)
      let test = table.number(of: names.1)
      trials.append(Trial(enrolment: Int(enrolment), test: Int(test), isTarget: target))
    }

    /// The order of the first line that can be read in one order only.
    static func order(of bytes: UnsafeRawBufferPointer, path: String) throws -> Order {
      var order: Order?
      var ambiguous: Int?
      var start = bytes.startIndex
      var number = 0
      while order == nil, start < bytes.endIndex {
        let line = line(of: bytes, from: start)
        start = line.endIndex + 1
        number += 1
        let fields = Fields(UnsafeRawBufferPointer(rebasing: line))
        if fields.count == 0 { continue }
        let first = fields.count == 3 && binary(fields.first) != nil
        let last = fields.count == 3 && target(fields.third) != nil
        switch (first, last) {
        case (true, false): order = .targetFirst
        case (false, true): order = .targetLast
        case (true, true) where binary(fields.third) == nil: order = .targetLast
        case (true, true): ambiguous = ambiguous ?? number
        case (false, false):
          throw malformed(
            path, number, UnsafeRawBufferPointer(rebasing: line),
            expected: Order.targetLast.expected + " or " + Order.targetFirst.expected)
        }
      }
      if let order { return order }
      guard let ambiguous else { throw Failure(.badData, "\(path) has no trials") }
      throw Failure(
        .badData,
        "\(path), line \(ambiguous): it is not clear which field is the 1 or 0; write target or nontarget instead")
    }

    static func forEachLine(of bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer, Int) throws -> Void)
      rethrows
    {
      var start = bytes.startIndex
      var number = 0
      while start < bytes.endIndex {
        let line = line(of: bytes, from: start)
        start = line.endIndex + 1
        number += 1
        try body(UnsafeRawBufferPointer(rebasing: line), number)
      }
    }

    private static func line(of bytes: UnsafeRawBufferPointer, from start: Int) -> Slice<UnsafeRawBufferPointer> {
      var end = start
      while end < bytes.endIndex, bytes[end] != UInt8(ascii: "\n") { end += 1 }
      return bytes[start..<end]
    }

    private static func binary(_ field: UnsafeRawBufferPointer) -> Bool? {
      guard field.count == 1 else { return nil }
      switch field[0] {
      case UInt8(ascii: "1"): return true
      case UInt8(ascii: "0"): return false
      default: return nil
      }
    }

    private static func target(_ field: UnsafeRawBufferPointer) -> Bool? {
      if field.elementsEqual("target".utf8) { return true }
      if field.elementsEqual("nontarget".utf8) { return false }
      return binary(field)
    }

    private static func malformed(
      _ path: String, _ number: Int, _ line: UnsafeRawBufferPointer, expected: String
    ) -> Failure {
      let text = String(decoding: line.prefix(80), as: UTF8.self).filter { !$0.isNewline }
      return Failure(.badData, "\(path), line \(number): expected \(expected), not '\(text)'")
    }
  }

  /// The first three fields of a line, which blanks separate, and the number of all fields.
  private struct Fields {
    private(set) var count = 0
    private(set) var first = UnsafeRawBufferPointer(start: nil, count: 0)
    private(set) var second = UnsafeRawBufferPointer(start: nil, count: 0)
    private(set) var third = UnsafeRawBufferPointer(start: nil, count: 0)

    init(_ line: UnsafeRawBufferPointer) {
      var start = 0
      while start < line.count {
        if Self.isBlank(line[start]) {
          start += 1
          continue
        }
        var end = start + 1
        while end < line.count, !Self.isBlank(line[end]) { end += 1 }
        add(UnsafeRawBufferPointer(rebasing: line[start..<end]))
        start = end
      }
    }

    private mutating func add(_ field: UnsafeRawBufferPointer) {
      switch count {
      case 0: first = field
      case 1: second = field
      case 2: third = field
      default: break
      }
      count += 1
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
  }
}
