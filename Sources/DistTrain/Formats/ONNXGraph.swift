/// A graph of operations in ONNX's operator set 17, which onnxruntime 1.17 computes, as it grows: every value
/// that a node reads was there before the node.
package struct ONNXGraph {
  /// An input, a constant or what a node gives.
  package struct Value: Sendable, Hashable {
    package let name: String
  }

  /// An extent of an input's or an output's shape: a number, or a name where it differs from call to call.
  package enum Extent: Sendable, Equatable {
    case count(Int)
    case named(String)
  }

  /// What is set when a graph is made, not computed.
  package enum Attribute: Sendable, Equatable {
    case number(Int)
    case numbers([Int])
    case real(Float)
    case text(String)
  }

  package struct Node: Sendable {
    package let operation: String
    package let inputs: [Value]
    package let outputs: [Value]
    package let attributes: [(name: String, value: Attribute)]
  }

  /// A value that is stored in the file.
  package enum Constant: Sendable {
    case tensor(NamedTensor)
    /// Whole numbers in one dimension.
    case numbers(name: String, [Int])

    package var name: String {
      switch self {
      case .tensor(let tensor): tensor.name
      case .numbers(let name, _): name
      }
    }
  }

  /// An input or an output with its shape.
  package struct Port: Sendable {
    package let value: Value
    package let shape: [Extent]
  }

  package let name: String
  package private(set) var inputs: [Port] = []
  package private(set) var outputs: [Port] = []
  package private(set) var nodes: [Node] = []
  package private(set) var constants: [Constant] = []
  private var names: Set<String> = []

  package init(name: String) {
    self.name = name
  }

  package mutating func addInput(_ name: String, shape: [Extent]) -> Value {
    let value = define(name)
    inputs.append(Port(value: value, shape: shape))
    return value
  }

  /// Adds a constant, or finds the one of that name.
  package mutating func constant(_ constant: Constant) -> Value {
    let value = Value(name: constant.name)
    if names.contains(value.name) { return value }
    constants.append(constant)
    return define(value.name)
  }

  /// Adds a node.
  /// - Parameters:
  ///   - operation: the name of an operation of the operator set.
  ///   - outputs: the number of its outputs.
  package mutating func addNode(
    _ operation: String, _ inputs: [Value], _ attributes: [(name: String, value: Attribute)] = [], outputs: Int = 1
  ) -> [Value] {
    for input in inputs {
      precondition(names.contains(input.name), "\(operation) reads \(input.name), which is unknown")
    }
    let results = (0..<outputs).map { define("\(operation)_\(nodes.count)" + (outputs == 1 ? "" : "_\($0)")) }
    nodes.append(Node(operation: operation, inputs: inputs, outputs: results, attributes: attributes))
    return results
  }

  /// Gives a value to the outside.
  package mutating func addOutput(_ name: String, _ value: Value, shape: [Extent]) {
    precondition(names.contains(value.name), "\(name) is \(value.name), which is unknown")
    let output = define(name)
    nodes.append(Node(operation: "Identity", inputs: [value], outputs: [output], attributes: []))
    outputs.append(Port(value: output, shape: shape))
  }

  private mutating func define(_ name: String) -> Value {
    precondition(names.insert(name).inserted, "two values named \(name)")
    return Value(name: name)
  }
}

extension ONNXGraph.Attribute: ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral {
  package init(integerLiteral value: Int) { self = .number(value) }
  package init(arrayLiteral elements: Int...) { self = .numbers(elements) }
}
