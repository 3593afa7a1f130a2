/// An encoder as a graph of ONNX's operations, as its layers add to it. Constants have the parameters' names.
///
/// Values over frames are [utterances, channels, frames] and maps [utterances, channels, height, frames]; what is pooled is
/// [utterances, channels]. The numbers of utterances and frames are known only when the graph runs.
package struct EncoderGraph {
  package typealias Value = ONNXGraph.Value
  package typealias Attributes = KeyValuePairs<String, ONNXGraph.Attribute>

  package private(set) var operations: ONNXGraph
  private let parameters: Matrix
  private let statistics: Matrix

  /// - Parameters:
  ///   - parameters: a flat matrix that begins with the encoder's parameters.
  ///   - statistics: a flat matrix of the encoder's running statistics.
  package init(name: String, parameters: Matrix, statistics: Matrix) {
    operations = ONNXGraph(name: name)
    self.parameters = parameters
    self.statistics = statistics
  }

  package mutating func addInput(_ name: String, shape: [ONNXGraph.Extent]) -> Value {
    operations.addInput(name, shape: shape)
  }

  package mutating func addOutput(_ name: String, _ value: Value, shape: [ONNXGraph.Extent]) {
    operations.addOutput(name, value, shape: shape)
  }

  /// Adds a node with one output.
  package mutating func add(_ operation: String, _ inputs: Value..., attributes: Attributes = [:]) -> Value {
    add(operation, inputs, attributes: attributes)
  }

  package mutating func add(_ operation: String, _ inputs: [Value], attributes: Attributes = [:]) -> Value {
    operations.addNode(operation, inputs, attributes.map { (name: $0.key, value: $0.value) })[0]
  }

  private static func constant(_ parameter: Parameter, of buffer: Matrix) -> ONNXGraph.Constant {
    .tensor(
      NamedTensor(name: parameter.name, shape: parameter.shape, buffer: buffer.buffer, offset: parameter.offset))
  }

  /// A trained parameter.
  mutating func trained(_ parameter: Parameter) -> Value {
    operations.constant(Self.constant(parameter, of: parameters))
  }

  /// A running statistic.
  mutating func running(_ statistic: Parameter) -> Value {
    operations.constant(Self.constant(statistic, of: statistics))
  }

  /// A tensor of its own name, the last axis fastest.
  mutating func constant(_ name: String, shape: [Int], _ values: [Float]) -> Value {
    operations.constant(.tensor(NamedTensor(name: name, shape: shape, values: values)))
  }

  /// A number.
  mutating func number(_ value: Float) -> Value {
    operations.constant(.tensor(NamedTensor(name: "float_\(value)", shape: [], values: [value])))
  }

  /// The same number as often as it is said.
  mutating func numbers(_ value: Float, count: Int) -> Value {
    operations.constant(
      .tensor(
        NamedTensor(name: "float_\(value)_\(count)", shape: [count], values: [Float](repeating: value, count: count))))
  }

  /// Whole numbers, as shapes and axes are given.
  mutating func integers(_ values: Int...) -> Value { integers(values) }

  mutating func integers(_ values: [Int]) -> Value {
    operations.constant(.numbers(name: "int_" + values.map(String.init).joined(separator: "_"), values))
  }

  /// Cuts a value along its second axis into parts of the given extents.
  mutating func split(_ value: Value, into extents: [Int]) -> [Value] {
    let sizes = integers(extents)
    return operations.addNode("Split", [value, sizes], [(name: "axis", value: 1)], outputs: extents.count)
  }
}

/// A layer that can say itself as operations of a graph.
package protocol GraphLayer: Layer {
  /// Adds the layer's operations in inference.
  /// - Parameter input: the input, over frames or over maps as the layer takes it, or pooled.
  /// - Returns: the output.
  func describe(_ input: EncoderGraph.Value, in graph: inout EncoderGraph) -> EncoderGraph.Value
}
