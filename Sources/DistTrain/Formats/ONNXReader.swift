/// Reads the messages of an ONNX file. The messages that it enters lie within each other no deeper than the file's form
/// has them, and all that it keeps is smaller than what it keeps it from.
struct ONNXReader {
  /// The error of a file whose weights are not read.
  struct Unfit: Error {
    let what: String
  }

  private(set) var producer = ""
  private(set) var metadata: [String: String] = [:]
  private(set) var nodes: [ONNXModel.Node] = []
  private(set) var tensors: [String: ONNXTensor] = [:]
  private(set) var names: [String] = []
  private let file: InputFile
  private let window: FileWindow
  private var hasGraph = false
  /// The bytes of names, texts and extents that may still be kept. Graphs of encoders have a few hundred thousand.
  private var left = 1 << 26
  private static let longestText = 1 << 16

  init(_ file: InputFile) {
    self.file = file
    window = FileWindow(file)
  }

  /// Reads the whole file.
  /// - Throws: `Unfit`, `ProtobufFields.Malformed`, or the file's own failure.
  mutating func read() throws {
    var fields = ProtobufFields(window, in: 0..<file.bytes)
    while let (field, value) = try fields.next() {
      switch (field, value) {
      case (2, .delimited(let range)): producer = try text(range)
      case (7, .delimited(let range)):
        guard !hasGraph else { throw Unfit(what: "has two graphs") }
        hasGraph = true
        try readGraph(range)
      case (14, .delimited(let range)): try readProperty(range)
      default: break
      }
    }
    guard hasGraph else { throw Unfit(what: "is no ONNX file with a graph: is it the right file?") }
  }

  private mutating func readProperty(_ range: Range<Int>) throws {
    var (key, text) = ("", "")
    var fields = ProtobufFields(window, in: range)
    while let (field, value) = try fields.next() {
      guard case .delimited(let range) = value, field < 3 else { continue }
      if field == 1 { key = try self.text(range) } else { text = try self.text(range) }
    }
    metadata[key] = text
  }

  private mutating func readGraph(_ range: Range<Int>) throws {
    var fields = ProtobufFields(window, in: range)
    while let (field, value) = try fields.next() {
      guard case .delimited(let range) = value else { continue }
      switch field {
      case 1: nodes.append(try node(range))
      case 5:
        let tensor = try tensor(range)
        guard tensors.updateValue(tensor, forKey: tensor.name) == nil else {
          throw Unfit(what: "has two tensors named \(tensor.name)")
        }
        names.append(tensor.name)
      default: break
      }
    }
  }

  private mutating func node(_ range: Range<Int>) throws -> ONNXModel.Node {
    var node = ONNXModel.Node()
    try keep(MemoryLayout<ONNXModel.Node>.size)
    var fields = ProtobufFields(window, in: range)
    while let (field, value) = try fields.next() {
      guard case .delimited(let range) = value else { continue }
      switch field {
      case 1: node.inputs.append(try text(range))
      case 2: node.outputs.append(try text(range))
      case 3: node.name = try text(range)
      case 4: node.operation = try text(range)
      case 5:
        if let (name, number) = try number(range) { node.numbers[name] = number }
      default: break
      }
    }
    return node
  }

  /// An attribute that is one whole number; nil for others.
  private mutating func number(_ range: Range<Int>) throws -> (name: String, number: Int)? {
    var name = ""
    var number: Int?
    var fields = ProtobufFields(window, in: range)
    while let (field, value) = try fields.next() {
      switch (field, value) {
      case (1, .delimited(let range)): name = try text(range)
      case (3, .number(let bits)): number = Int(truncatingIfNeeded: bits)
      default: break
      }
    }
    return number.map { (name, $0) }
  }

  /// Takes bytes from those that may be kept.
  mutating func keep(_ count: Int) throws {
    left -= count
    guard left >= 0 else { throw Unfit(what: "has more names and nodes than an encoder's graph") }
  }

  mutating func text(_ range: Range<Int>) throws -> String {
    guard range.count <= Self.longestText else {
      throw ProtobufFields.Malformed(what: "a name or text of \(range.count) bytes", offset: range.lowerBound)
    }
    try keep(range.count + MemoryLayout<String>.size)
    let bytes = try range.map { try window.byte(at: $0) }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The fields of a message within the file.
  func fields(in range: Range<Int>) -> ProtobufFields { ProtobufFields(window, in: range) }
}
