import DistTrain

/// An ONNX file that is put together message by message, as others than svdist write them.
struct WrittenONNX {
  var graph = ProtobufMessage()
  var metadata: [(key: String, text: String)] = []
  /// More fields of the file.
  var rest = ProtobufMessage()

  mutating func addNode(
    _ operation: String, _ name: String, _ inputs: [String], output: String = "", transB: Int? = nil
  ) {
    var node = ProtobufMessage()
    for input in inputs { node.add(1, input) }
    node.add(2, output)
    node.add(3, name)
    node.add(4, operation)
    if let transB {
      var attribute = ProtobufMessage()
      attribute.add(1, "transB")
      attribute.add(3, transB)
      attribute.add(20, 2)
      node.add(5, attribute)
    }
    graph.add(1, node)
  }

  mutating func addTensor(_ name: String, _ shape: [Int], _ values: [Float]) {
    var tensor = Self.head(name, shape, type: 1)
    tensor.add(9, elementsOf: NamedTensor(name: name, shape: shape, values: values))
    graph.add(5, tensor)
  }

  /// Adds a tensor whose numbers are these bytes of a field.
  mutating func addTensor(_ name: String, _ shape: [Int], type: Int, field: Int, _ bytes: [UInt8]) {
    var tensor = Self.head(name, shape, type: type)
    tensor.add(field, bytes)
    graph.add(5, tensor)
  }

  static func head(_ name: String, _ shape: [Int], type: Int) -> ProtobufMessage {
    var tensor = ProtobufMessage()
    for extent in shape { tensor.add(1, extent) }
    tensor.add(2, type)
    tensor.add(8, name)
    return tensor
  }

  func write(to path: String) throws {
    var model = ProtobufMessage()
    model.add(1, 7)
    model.add(2, "pytorch")
    model.add(7, graph)
    for (key, text) in metadata {
      var entry = ProtobufMessage()
      entry.add(1, key)
      entry.add(2, text)
      model.add(14, entry)
    }
    let file = try OutputFile(path: path)
    try model.write(into: file)
    try rest.write(into: file)
    try file.finish(syncing: false)
  }
}
