/// The beginning of a safetensors file: 8 bytes with the header's length, then JSON that says where each tensor lies.
/// The rules are those of the format's own reader: tensors follow each other without holes and fill the file.
struct SafetensorsHeader: Sendable {
  struct Entry: Sendable {
    let name: String
    let element: SafetensorsElement
    let shape: [Int]
    /// The offsets of its bytes in the file.
    let range: Range<Int>
    /// The number of its elements.
    let count: Int
  }

  /// The longest header that the format's own reader takes, in bytes.
  static let longest = 100_000_000

  let metadata: [String: String]
  /// The tensors, in the order in which their bytes lie in the file.
  let entries: [Entry]

  /// Reads and checks the header of a file.
  /// - Throws: `Failure(.badData)` that names the file and the tensor.
  init(of file: InputFile) throws {
    guard file.bytes >= 8 else { throw Self.bad(file, "it has \(file.bytes) bytes, a header alone has more") }
    let length = try file.read(at: 0, count: 8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(Self.longest), Int(length) <= file.bytes - 8 else {
      throw Self.bad(file, "a header of \(length) bytes is announced in a file of \(file.bytes)")
    }
    let start = 8 + Int(length)
    var parser = Parser(path: file.path, dataStart: start, dataBytes: file.bytes - start)
    var scanner = JSONScanner(try file.read(at: 8, count: Int(length)))
    do {
      try parser.parse(&scanner)
    } catch let error as JSONScanner.Malformed {
      throw Self.bad(file, "byte \(error.offset) of the header: expected \(error.expected)")
    }
    metadata = parser.metadata
    entries = parser.entries.sorted {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }
    try Self.check(entries, fill: start..<file.bytes, of: file)
  }

  private static func bad(_ file: InputFile, _ what: String) -> Failure {
    Failure(.badData, "\(file.path) is not a whole safetensors file: \(what)")
  }

  private static func check(_ entries: [Entry], fill range: Range<Int>, of file: InputFile) throws {
    var end = range.lowerBound
    for entry in entries {
      guard entry.range.lowerBound == end else {
        let what = entry.range.lowerBound < end ? "overlaps the tensor before it" : "leaves a hole before it"
        throw bad(file, "tensor \(entry.name) \(what)")
      }
      end = entry.range.upperBound
    }
    guard end == range.upperBound else {
      throw bad(file, "\(range.upperBound - end) bytes at its end belong to no tensor")
    }
  }
}

extension SafetensorsHeader {
  private struct Parser {
    let path: String
    let dataStart: Int
    let dataBytes: Int
    var metadata: [String: String] = [:]
    var entries: [Entry] = []

    mutating func parse(_ scanner: inout JSONScanner) throws {
      try scanner.object { scanner, name in
        if name == "__metadata__" {
          try scanner.object { scanner, key in metadata[key] = try scanner.string() }
        } else {
          entries.append(try entry(name, &scanner))
        }
      }
      try scanner.end()
    }

    private func entry(_ name: String, _ scanner: inout JSONScanner) throws -> Entry {
      var type: String?
      var shape: [Int]?
      var offsets: [Int]?
      try scanner.object { scanner, key in
        switch key {
        case "dtype": type = try scanner.string()
        case "shape": shape = try Self.counts(&scanner)
        case "data_offsets": offsets = try Self.counts(&scanner)
        default: throw bad(name, "unknown field \(JSONText.quoted(key))")
        }
      }
      guard let type, let shape, let offsets, offsets.count == 2 else {
        throw bad(name, "dtype, shape and two data_offsets are expected")
      }
      guard let element = SafetensorsElement(rawValue: type) else {
        throw bad(name, "unknown dtype \(JSONText.quoted(type))")
      }
      guard offsets[0] <= offsets[1], offsets[1] <= dataBytes else {
        throw bad(name, "bytes \(offsets[0]) to \(offsets[1]) are not inside the \(dataBytes) bytes of data")
      }
      guard let count = Self.product(shape), let bytes = Self.product([count, element.size]),
        bytes == offsets[1] - offsets[0]
      else {
        throw bad(name, "\(offsets[1] - offsets[0]) bytes do not hold \(type) elements of shape \(shape)")
      }
      let range = dataStart + offsets[0]..<dataStart + offsets[1]
      return Entry(name: name, element: element, shape: shape, range: range, count: count)
    }

    private func bad(_ name: String, _ what: String) -> Failure {
      Failure(.badData, "\(path) is not a whole safetensors file: tensor \(name): \(what)")
    }

    private static func counts(_ scanner: inout JSONScanner) throws -> [Int] {
      var counts: [Int] = []
      try scanner.array { counts.append(try $0.count()) }
      return counts
    }

    /// The product of the factors, or nil where it is 2^63 or more.
    private static func product(_ factors: [Int]) -> Int? {
      var product = 1
      for factor in factors {
        let (next, overflow) = product.multipliedReportingOverflow(by: factor)
        if overflow { return nil }
        product = next
      }
      return product
    }
  }
}
