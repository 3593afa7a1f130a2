/// The first four fields of a line, which blanks separate, and the number of all fields.
struct ListFields {
  private(set) var count = 0
  private(set) var first = UnsafeRawBufferPointer(start: nil, count: 0)
  private(set) var second = UnsafeRawBufferPointer(start: nil, count: 0)
  private(set) var third = UnsafeRawBufferPointer(start: nil, count: 0)
  private(set) var fourth = UnsafeRawBufferPointer(start: nil, count: 0)

  init(_ line: UnsafeRawBufferPointer) {
    var start = 0
    while start < line.count {
      if LineReader.isBlank(line[start]) {
        start += 1
        continue
      }
      var end = start + 1
      while end < line.count, !LineReader.isBlank(line[end]) { end += 1 }
      add(UnsafeRawBufferPointer(rebasing: line[start..<end]))
      start = end
    }
  }

  private mutating func add(_ field: UnsafeRawBufferPointer) {
    switch count {
    case 0: first = field
    case 1: second = field
    case 2: third = field
    case 3: fourth = field
    default: break
    }
    count += 1
  }

  /// Whether a line is UTF-8.
  static func isText(_ line: UnsafeRawBufferPointer) -> Bool {
    !line.contains { $0 >= 0x80 } || String(validating: line, as: UTF8.self) != nil
  }
}
