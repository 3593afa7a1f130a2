import Foundation

/// The parameters of a network that PyTorch wrote as an ONNX file (`torch.onnx.export`), under the names that they had
/// there.
///
/// Most tensors of such a file have these names. Others are what the exporter computed of parameters: convolutions that
/// hold the batch normalisation behind them, transposed matrices, columns; they are named after the nodes that read
/// them. Where two tensors have the same numbers, one is stored and a node `Identity` stands for the other. The newer
/// exporter (`dynamo=True`) does not name modules, but keeps the names of convolutions that it changes.
package struct ExportedTensors: TensorFile {
  /// A parameter and where its numbers are from.
  enum Source: Sendable {
    case stored(ONNXTensor, ExportedParameter.Form)
    case constant(Float)
  }

  package var path: String { model.path }
  package private(set) var names: [String] = []
  let model: ONNXModel
  /// The modules of convolutions whose weights and biases are the exporter's own.
  private(set) var folded: [String] = []
  /// The number of normalisations that `unfolded` found in convolutions.
  var normalizations = 0
  private(set) var entries: [String: (source: Source, shape: [Int])] = [:]
  /// The tensors by the names of the nodes' inputs.
  private(set) var values: [String: ONNXTensor]

  /// What wespeaker's exporter lets the graph subtract from embeddings.
  static let mean = "mean_vec"

  /// Opens a file.
  /// - Throws: `Failure(.badData)` for what is broken, and for files of exporters that do not name modules.
  package init(path: String) throws {
    model = try ONNXModel(path: path)
    values = model.tensors
    for name in model.names { addNamed(name) }
    for node in model.nodes {
      if node.operation == "Identity", let input = node.inputs.first, let tensor = values[input] {
        guard let output = node.outputs.first else { continue }
        values[output] = tensor
        addNamed(output)
      } else {
        try addParameters(of: node)
      }
    }
  }

  package func shape(of name: String) throws -> [Int] { try entry(name).shape }

  package func element(of name: String) throws -> SafetensorsElement {
    guard case .stored(let tensor, _) = try entry(name).source else { return .float32 }
    return tensor.element
  }

  package func read(_ name: String, into values: UnsafeMutableBufferPointer<Float>) throws {
    let (source, shape) = try entry(name)
    switch source {
    case .constant(let value):
      guard shape == [values.count] else { throw misfit(name, shape, values.count) }
      values.update(repeating: value)
    case .stored(let tensor, let form):
      guard tensor.count == values.count else { throw misfit(name, shape, values.count) }
      try read(tensor, form, shape, into: values)
    }
  }

  private func read(
    _ tensor: ONNXTensor, _ form: ExportedParameter.Form, _ shape: [Int],
    into values: UnsafeMutableBufferPointer<Float>
  ) throws {
    try model.read(tensor, into: values)
    switch form {
    case .asStored: break
    case .logarithms:
      // A weight of 0 is one that single precision does not hold.
      for index in values.indices { values[index] = log(values[index] == 0 ? 0x1p-149 : values[index]) }
    case .transposed:
      guard tensor.count > 0 else { return }
      guard HostMemory.holds(MemoryLayout<Float>.size * tensor.count) else { throw InputFile.tooLarge(path) }
      let (stored, rows, columns) = (Array(values), shape[0], shape[1])
      for index in values.indices { values[index] = stored[index % columns * rows + index / columns] }
    }
  }

  private func misfit(_ name: String, _ shape: [Int], _ count: Int) -> Failure {
    Failure(.badData, "\(path): tensor \(name) has shape \(shape), \(count) elements are expected")
  }

  private func entry(_ name: String) throws -> (source: Source, shape: [Int]) {
    guard let entry = entries[name] else { throw Failure(.badData, "\(path) has no tensor \(name)") }
    return entry
  }
}

extension ExportedTensors {
  /// Adds a tensor under its own name, where that is a parameter's.
  private mutating func addNamed(_ name: String) {
    guard let tensor = values[name], tensor.isReal, !ExportedModule.isAnonymous(name) else { return }
    // So the newer exporter calls what is left of a normalisation behind a convolution without a bias.
    let rest = ".weight_bias"
    guard name.ends(with: rest) else { return add(name, .stored(tensor, .asStored), shape: tensor.shape) }
    let module = String(Substring(name.utf8.dropLast(rest.utf8.count)))
    folded.append(module)
    add("\(module).bias", .stored(tensor, .asStored), shape: tensor.shape)
  }

  /// Adds what a node reads that has no parameter's name.
  private mutating func addParameters(of node: ONNXModel.Node) throws {
    var count = 0
    for (index, input) in node.inputs.enumerated() where ExportedModule.isAnonymous(input) {
      guard let tensor = values[input], tensor.isReal else { continue }
      let module = ExportedModule.name(ofNode: node.name)
      guard let parameter = ExportedParameter(node, input: index, shape: tensor.shape, module: module ?? "") else {
        continue
      }
      guard let module else {
        throw Failure(
          .badData,
          "\(path): its node \(node.name) does not say of which module it is: export the encoder by PyTorch 1.13 or "
            + "newer with dynamo=False, or import its PyTorch file")
      }
      add(
        module.isEmpty ? parameter.name : "\(module).\(parameter.name)", .stored(tensor, parameter.form),
        shape: parameter.shape)
      count += 1
      if node.operation == "Conv", count == 2 { folded.append(module) }
    }
  }

  mutating func add(_ name: String, _ source: Source, shape: [Int]) {
    guard entries[name] == nil else { return }
    entries[name] = (source, shape)
    names.append(name)
  }

  mutating func remove(_ removed: Set<String>) {
    for name in removed { entries[name] = nil }
    names.removeAll { removed.contains($0) }
  }
}
