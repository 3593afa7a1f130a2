import DistTrain
import Foundation

/// An encoder as PyTorch's exporter writes one: batch normalisations are computed into the convolutions before them,
/// matrices are transposed, numbers of channels are columns, and what is only ever used by its softmax is a softmax.
struct ExporterGraph {
  /// The numbers of an encoder, all of which matter.
  let network: any Encoder
  let parameters: Matrix
  let statistics: Matrix
  private var tensors: [(name: String, shape: [Int], values: [Float])] = []
  var file = WrittenONNX()
  /// Whether convolutions keep their names, as the newer exporter lets them.
  var namesConvolutions = false
  private var count = 0

  init(_ network: any Encoder) {
    self.network = network
    parameters = Matrix(rows: 1, columns: network.layout.parameters.count)
    statistics = Matrix(rows: 1, columns: network.layout.statistics.count)
    var draws = RandomStream(seed: 5, purpose: .test, item: 0)
    for (matrix, layout) in [(parameters, network.layout.parameters), (statistics, network.layout.statistics)] {
      layout.initialise(matrix.pointer, seed: 3)
      for tensor in layout.parameters {
        let isNorm = tensor.shape.count == 1 && tensor.name.hasSuffix("weight")
        let isVariance = tensor.name.hasSuffix("running_var")
        for index in tensor.offset..<tensor.offset + tensor.count {
          if isNorm || isVariance {
            matrix.pointer[index] = Float(draws.uniform(0.5, 1.5))
          } else if tensor.shape.count == 1 || tensor.shape.first == 1 && tensor.shape.count == 4 {
            matrix.pointer[index] = Float(0.2 * draws.normal())
          }
        }
        let values = Array(UnsafeBufferPointer(start: matrix.pointer + tensor.offset, count: tensor.count))
        tensors.append((tensor.name, tensor.shape, values))
      }
    }
  }

  private func values(_ name: String) -> [Double]? { tensors.first { $0.name == name }?.values.map(Double.init) }

  /// The embedding of features by the numbers as they are.
  func embedding(of features: Matrix) -> [Float] {
    let pass = ForwardPass(mode: .inference, parameters: parameters, statistics: statistics)
    return network.encode(features, utterances: 1, pass).embeddings.values
  }

  /// Writes all tensors.
  /// - Parameters:
  ///   - prefix: what a wrapper puts before every name.
  ///   - folded: the ends of convolutions' names, of the normalisations' behind them, and what these add to variances.
  mutating func write(
    prefix: String, folded: [(convolution: String, normalization: String, epsilon: Double)], to path: String
  ) throws {
    var left = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, ($0.shape, $0.values)) })
    for (name, shape, values) in tensors where name.hasSuffix(".weight") && shape.count > 2 {
      let module = String(name.dropLast(7))
      for (end, other, epsilon) in folded where module == end || module.hasSuffix("." + end) {
        let normalization = module.dropLast(end.count) + other
        guard let variances = self.values("\(normalization).running_var") else { continue }
        let means = self.values("\(normalization).running_mean")!
        let (scales, shifts) = (self.values("\(normalization).weight")!, self.values("\(normalization).bias")!)
        let biases = self.values("\(module).bias") ?? means.map { _ in 0 }
        let factors = zip(scales, variances).map { $0 / ($1 + epsilon).squareRoot() }
        let taps = values.count / factors.count
        let weights = values.indices.map { Float(Double(values[$0]) * factors[$0 / taps]) }
        let rests = factors.indices.map { Float((biases[$0] - means[$0]) * factors[$0] + shifts[$0]) }
        if namesConvolutions {
          file.addTensor("\(prefix)\(module).weight", shape, weights)
          file.addTensor("\(prefix)\(module).weight_bias", [factors.count], rests)
        } else {
          add("Conv", prefix + module, [(shape, weights), ([factors.count], rests)])
        }
        for key in ["\(module).weight", "\(module).bias"] { left[key] = nil }
        for key in ["weight", "bias", "running_mean", "running_var"] { left["\(normalization).\(key)"] = nil }
      }
    }
    for (name, _, _) in tensors {
      if let (shape, values) = left[name] { addUnfolded(name, shape, values, prefix: prefix) }
    }
    try file.write(to: path)
  }

  private mutating func addUnfolded(_ name: String, _ shape: [Int], _ values: [Float], prefix: String) {
    let module = prefix + name.split(separator: ".").dropLast().joined(separator: ".")
    if name.hasSuffix("_proj.weight") || name.hasSuffix("_dense.weight") {
      let (rows, columns) = (shape[0], shape[1])
      add("MatMul", module, [([columns, rows], values.indices.map { values[$0 % rows * columns + $0 / rows] })])
    } else if name.hasSuffix("stem.1.weight") || name.hasSuffix("red_dim_conv.1.weight") {
      add("Mul", module, [(shape + [1, 1], values)])
    } else if name.hasSuffix("stem.1.bias") || name.hasSuffix("red_dim_conv.1.bias") {
      add("Add", module, [(shape + [1], values)])
    } else if name.contains("inputs_weights") || name.hasSuffix(".w") {
      let (maps, rows) = (shape[1], shape[2])
      let powers = values.map { exp(Double($0)) }
      let softmax = powers.indices.map { index in
        Float(powers[index] / (0..<maps).reduce(0) { $0 + powers[$1 * rows + index % rows] })
      }
      // The list of all stages' weights belongs to the module that holds the stages.
      add("Mul", name.hasSuffix(".w") ? module : prefix + "backbone", [(shape, softmax)])
    } else {
      file.addTensor(prefix + name, shape, values)
    }
  }

  /// Adds a node of a module, with tensors without names of their own.
  private mutating func add(_ operation: String, _ module: String, _ constants: [(shape: [Int], values: [Float])]) {
    var inputs = ["x"]
    for (shape, values) in constants {
      count += 1
      inputs.append("onnx::\(operation)_\(count)")
      file.addTensor(inputs.last!, shape, values)
    }
    if operation == "Mul" { inputs.reverse() }
    file.addNode(
      operation, "\(Self.path(module))/\(operation)\(operation == "Add" ? "_1" : "")", inputs, output: "y\(count)")
  }

  /// The exporter's path of a module: `a.0.b` is `/a/a.0/b`.
  static func path(_ module: String) -> String {
    var parts: [String] = []
    for part in module.split(separator: ".") {
      parts.append(part.allSatisfy(\.isNumber) && !parts.isEmpty ? "\(parts.last!).\(part)" : String(part))
    }
    return parts.map { "/\($0)" }.joined()
  }
}
