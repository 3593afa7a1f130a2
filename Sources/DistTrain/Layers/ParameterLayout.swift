/// The named tensors of one flat buffer, in order.
package struct ParameterLayout: Sendable {
  package private(set) var parameters: [Parameter] = []
  package private(set) var count = 0

  package init() {}

  package mutating func add(
    _ name: String, shape: [Int], initialisation: Parameter.Initialisation, decays: Bool
  ) -> Parameter {
    precondition(!parameters.contains { $0.name == name }, "two parameters named \(name)")
    let parameter = Parameter(
      name: name, shape: shape, offset: count, initialisation: initialisation, decays: decays)
    parameters.append(parameter)
    count += parameter.count
    return parameter
  }

  /// Values as they start, from the seed: each parameter has a stream of its own.
  package func initialise(_ values: UnsafeMutablePointer<Float>, seed: UInt64) {
    for (index, parameter) in parameters.enumerated() {
      let start = values + parameter.offset
      switch parameter.initialisation {
      case .constant(let value): start.update(repeating: value, count: parameter.count)
      case .uniform(let bound):
        var stream = RandomStream(seed: seed, purpose: .initialisation, item: index)
        for element in 0..<parameter.count {
          start[element] = Float(stream.uniform(Double(-bound), Double(bound)))
        }
      }
    }
  }
}
