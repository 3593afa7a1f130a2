/// Files of ONNX graphs (onnx.proto, whose numbers of fields and types these are).
package enum ONNXFile {
  /// The version of the operations' meaning.
  private static let operatorSet = 17
  /// The version of the file's form that came with this operator set.
  private static let version = 8
  /// The most bytes of a message; protocol buffers count them in 31 bits.
  private static let longest = Int(Int32.max)

  /// Writes a graph to a file that appears whole or not at all. Its weights go from where they lie in memory to the file.
  /// - Parameters:
  ///   - producer: the name and version of the program.
  ///   - metadata: texts by their keys, which are written in their keys' order.
  /// - Throws: `Failure(.failed)` where the graph is larger than a file of this form can be, or the file cannot be
  ///   written.
  package static func write(
    _ graph: ONNXGraph, producer: (name: String, version: String), metadata: [String: String], to path: String
  ) throws {
    let message = message(graph, producer: producer, metadata: metadata)
    guard message.count <= longest else {
      throw Failure(
        .failed,
        "\(path): \(message.count) bytes are more than an ONNX file can hold (\(longest)): take --format safetensors")
    }
    try AtomicFile.write(to: path) { try message.write(into: $0) }
  }

  /// Whether bytes are the beginning of an ONNX file as its writers begin it: with its version.
  package static func isModel(beginningWith bytes: [UInt8]) -> Bool {
    bytes.count > 2 && bytes[0] == 0x08 && bytes[1] < 0x40 && [0x12, 0x1A, 0x22, 0x3A, 0x42].contains(bytes[2])
  }

  private static func message(
    _ graph: ONNXGraph, producer: (name: String, version: String), metadata: [String: String]
  ) -> ProtobufMessage {
    var model = ProtobufMessage()
    model.add(1, version)
    model.add(2, producer.name)
    model.add(3, producer.version)
    model.add(7, graph.message)
    var operators = ProtobufMessage()
    operators.add(1, "")
    operators.add(2, operatorSet)
    model.add(8, operators)
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
      var entry = ProtobufMessage()
      entry.add(1, key)
      entry.add(2, value)
      model.add(14, entry)
    }
    return model
  }
}

/// The types of a tensor's elements.
private enum ElementType {
  static let (float, int64) = (1, 7)
}

extension ONNXGraph {
  fileprivate var message: ProtobufMessage {
    var message = ProtobufMessage()
    for node in nodes { message.add(1, node.message) }
    message.add(2, name)
    for constant in constants { message.add(5, constant.message) }
    for port in inputs { message.add(11, port.message) }
    for port in outputs { message.add(12, port.message) }
    return message
  }
}

extension ONNXGraph.Node {
  fileprivate var message: ProtobufMessage {
    var message = ProtobufMessage()
    for input in inputs { message.add(1, input.name) }
    for output in outputs { message.add(2, output.name) }
    message.add(3, outputs[0].name)
    message.add(4, operation)
    for attribute in attributes { message.add(5, attribute.value.message(attribute.name)) }
    return message
  }
}

extension ONNXGraph.Attribute {
  fileprivate func message(_ name: String) -> ProtobufMessage {
    var message = ProtobufMessage()
    message.add(1, name)
    switch self {
    case .real(let value):
      message.add(2, value)
      message.add(20, 1)
    case .number(let value):
      message.add(3, value)
      message.add(20, 2)
    case .text(let text):
      message.add(4, text)
      message.add(20, 3)
    case .numbers(let values):
      for value in values { message.add(8, value) }
      message.add(20, 7)
    }
    return message
  }
}

extension ONNXGraph.Constant {
  fileprivate var message: ProtobufMessage {
    var message = ProtobufMessage()
    switch self {
    case .tensor(let tensor):
      for extent in tensor.shape { message.add(1, extent) }
      message.add(2, ElementType.float)
      message.add(8, tensor.name)
      message.add(9, elementsOf: tensor)
    case .numbers(let name, let values):
      message.add(1, values.count)
      message.add(2, ElementType.int64)
      message.add(8, name)
      message.add(9, values.flatMap { ProtobufMessage.littleEndian(Int64($0)) })
    }
    return message
  }
}

extension ONNXGraph.Port {
  fileprivate var message: ProtobufMessage {
    var extents = ProtobufMessage()
    for extent in shape {
      var message = ProtobufMessage()
      switch extent {
      case .count(let count): message.add(1, count)
      case .named(let name): message.add(2, name)
      }
      extents.add(1, message)
    }
    var tensor = ProtobufMessage()
    tensor.add(1, ElementType.float)
    tensor.add(2, extents)
    var type = ProtobufMessage()
    type.add(1, tensor)
    var message = ProtobufMessage()
    message.add(1, value.name)
    message.add(2, type)
    return message
  }
}
