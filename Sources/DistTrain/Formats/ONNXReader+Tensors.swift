/// Tensors' shapes, types and places.
extension ONNXReader {
  /// What a tensor's message says, as it is read.
  private struct Description {
    var name = ""
    var shape: [Int] = []
    var type: UInt64 = 0
    var isElsewhere = false
    /// The places of the numbers, by the fields that hold them.
    var places: [(field: Int, range: Range<Int>)] = []
  }

  /// The fields of numbers of a type each: floats, whole numbers of 32 bits and of 64, doubles, unsigned ones, and
  /// bytes as they lie in memory.
  private static let (floats, integers, longs, doubles, unsigned, raw) = (4, 5, 7, 10, 11, 9)

  mutating func tensor(_ range: Range<Int>) throws -> ONNXTensor {
    let description = try description(range)
    let name = description.name
    guard !description.isElsewhere else {
      throw Unfit(
        what: "its weights lie in other files: write one file with them by onnx.save(onnx.load(OLD), NEW), in Python")
    }
    guard let element = ONNXTensor.elements[description.type] else {
      throw Unfit(what: "tensor \(name): its numbers are of ONNX's type \(description.type), which is not read")
    }
    guard let count = Self.count(description.shape), let bytes = Self.count([count, element.size]) else {
      throw Unfit(what: "tensor \(name): shape \(description.shape) is none")
    }
    guard description.places.count < 2 else { throw Unfit(what: "tensor \(name): its numbers lie in several pieces") }
    let place = description.places.first ?? (field: Self.raw, range: range.upperBound..<range.upperBound)
    return ONNXTensor(
      name: name, shape: description.shape, element: element, count: count,
      place: try Self.place(place, of: element, bytes: bytes, count: count, name))
  }

  private mutating func description(_ range: Range<Int>) throws -> Description {
    var description = Description()
    var fields = fields(in: range)
    while let (field, value) = try fields.next() {
      switch (field, value) {
      case (1, .number(let extent)): try add([extent], to: &description)
      case (1, .delimited(let range)):
        try keep(range.count * MemoryLayout<Int>.size)
        var extents = self.fields(in: range)
        try add(try extents.numbers(), to: &description)
      case (2, .number(let type)): description.type = type
      case (8, .delimited(let range)): description.name = try text(range)
      case (13, _): description.isElsewhere = true
      case (14, .number(let location)): description.isElsewhere = description.isElsewhere || location == 1
      case (Self.floats, _), (Self.integers, _), (Self.longs, _), (Self.doubles, _), (Self.unsigned, _), (Self.raw, _):
        guard case .delimited(let range) = value else {
          throw Unfit(what: "its tensors' numbers are stored one by one, which is not read: save the model again")
        }
        try keep(MemoryLayout<Range<Int>>.size)
        description.places.append((field, range))
      default: break
      }
    }
    return description
  }

  private mutating func add(_ extents: [UInt64], to description: inout Description) throws {
    try keep(extents.count * MemoryLayout<Int>.size)
    description.shape += extents.map { Int(truncatingIfNeeded: $0) }
  }

  /// The product of extents; nil where one is negative or it is 2^63 or more.
  private static func count(_ extents: [Int]) -> Int? {
    var product = 1
    for extent in extents {
      let (next, overflow) = product.multipliedReportingOverflow(by: extent)
      if overflow || extent < 0 { return nil }
      product = next
    }
    return product
  }

  /// The place of a tensor's numbers, which has to hold as many bytes as they need.
  private static func place(
    _ place: (field: Int, range: Range<Int>), of element: SafetensorsElement, bytes: Int, count: Int, _ name: String
  ) throws -> ONNXTensor.Place {
    let range = place.range
    switch (place.field, element) {
    case (raw, _), (floats, .float32), (doubles, .float64):
      guard range.count == bytes else {
        throw Unfit(what: "tensor \(name): \(range.count) bytes do not hold its \(count) numbers")
      }
      return .bytes(range)
    default:
      guard range.count >= count else {
        throw Unfit(what: "tensor \(name): \(range.count) bytes do not hold its \(count) numbers")
      }
      return .varints(range)
    }
  }
}
