/// What a tensor that the exporter made of a parameter is, by the node that reads it.
struct ExportedParameter: Sendable {
  /// How a parameter's numbers are had from a tensor's.
  enum Form: Sendable {
    case asStored
    /// Rows and columns change places.
    case transposed
    /// The exporter stored the softmax of the parameter: the logarithms have the same softmax.
    case logarithms
  }

  /// The parameter's name within its module.
  let name: String
  let form: Form
  /// The parameter's shape.
  let shape: [Int]

  private init(_ name: String, _ shape: [Int], _ form: Form = .asStored) {
    (self.name, self.shape, self.form) = (name, shape, form)
  }

  /// - Parameters:
  ///   - input: which of the node's inputs the tensor is.
  ///   - shape: the tensor's shape.
  ///   - module: the name of the node's module.
  /// - Returns: nil where it is none that encoders have.
  init?(_ node: ONNXModel.Node, input: Int, shape: [Int], module: String) {
    switch (node.operation, input) {
    case ("Conv", 1): self.init("weight", shape)
    case ("Conv", 2), ("Gemm", 2): self.init("bias", shape)
    case ("MatMul", 1) where shape.count == 2: self.init("weight", shape.reversed(), .transposed)
    case ("Gemm", 1) where shape.count == 2:
      let isTransposed = node.numbers["transB"] == 1
      self.init("weight", isTransposed ? shape : shape.reversed(), isTransposed ? .asStored : .transposed)
    case ("Mul", _) where shape.count == 4 && shape[0] == 1 && shape[3] == 1:
      // ReDimNet keeps the weights of all its stages' sums in one list, ReDimNet2 has a module for each.
      let isListed = module == "backbone" || module.ends(with: ".backbone")
      self.init(isListed ? "inputs_weights.\(shape[1] &- 1)" : "w", shape, .logarithms)
    case ("Mul", _) where Self.isColumn(shape): self.init("weight", [shape[0]])
    case ("Add", _) where Self.isColumn(shape): self.init("bias", [shape[0]])
    default: return nil
    }
  }

  /// Whether a tensor has one number for each channel, and axes of one number for height and time.
  private static func isColumn(_ shape: [Int]) -> Bool {
    (2...3).contains(shape.count) && shape.dropFirst().allSatisfy { $0 == 1 }
  }
}
