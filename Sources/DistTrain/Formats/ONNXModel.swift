/// What an ONNX file says of its graph (ModelProto of onnx.proto, whose numbers of fields and types these are), as far
/// as it is needed to find an encoder's weights: the nodes, the stored tensors and the metadata. The numbers stay in
/// the file until they are read, and nothing is computed.
package struct ONNXModel: Sendable {
  package struct Node: Sendable {
    package var operation = ""
    package var name = ""
    package var inputs: [String] = []
    package var outputs: [String] = []
    /// The attributes that are one whole number.
    package var numbers: [String: Int] = [:]
  }

  package let path: String
  /// The program that wrote the file, such as `pytorch`.
  package let producer: String
  /// The texts of `metadata_props`.
  package let metadata: [String: String]
  /// The nodes in the order in which they are computed.
  package let nodes: [Node]
  /// The stored tensors by their names.
  package let tensors: [String: ONNXTensor]
  /// The names of the stored tensors in the order of the file.
  package let names: [String]
  private let file: InputFile

  /// Opens a file and reads all but the tensors' numbers.
  /// - Throws: `Failure(.badData)` that names the file and says what is wrong, or how to make a file that is read.
  package init(path: String) throws {
    file = try InputFile(path: path)
    self.path = path
    var reader = ONNXReader(file)
    do {
      try reader.read()
    } catch let error as ProtobufFields.Malformed {
      throw Failure(.badData, "\(path) is not a whole ONNX file: \(error.what) at byte \(error.offset)")
    } catch let error as ONNXReader.Unfit {
      throw Failure(.badData, "\(path): \(error.what)")
    }
    (producer, metadata, nodes) = (reader.producer, reader.metadata, reader.nodes)
    (tensors, names) = (reader.tensors, reader.names)
  }

  /// Reads a stored tensor as floats, in row-major order.
  /// - Parameter values: as many as the tensor has elements.
  /// - Throws: `Failure(.badData)` where its elements are no floats, or the file is cut.
  package func read(_ tensor: ONNXTensor, into values: UnsafeMutableBufferPointer<Float>) throws {
    precondition(values.count == tensor.count, "\(tensor.name) has \(tensor.count) elements")
    do {
      try tensor.read(file, into: values)
    } catch is SafetensorsElement.NoFloats {
      throw Failure(.badData, "\(path): tensor \(tensor.name) of \(tensor.element.rawValue) cannot be read as floats")
    } catch let error as ProtobufFields.Malformed {
      throw Failure(.badData, "\(path): tensor \(tensor.name) has \(error.what) at byte \(error.offset)")
    }
  }
}
