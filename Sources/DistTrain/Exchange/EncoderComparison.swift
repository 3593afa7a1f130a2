/// How another toolkit's tensors differ from those that an encoder of svdist needs.
package struct EncoderComparison: Error, Sendable {
  /// The encoder's tensors that are not there.
  let missing: [String]
  /// Those that have another shape.
  let misshapen: [(name: String, shape: [Int], expected: [Int])]
  /// Tensors that the encoder does not have.
  let extra: [String]

  init(of shapes: TensorShapes, with layout: EncoderLayout) {
    let expected = layout.parameters.parameters + layout.statistics.parameters
    let known = Set(expected.map(\.name))
    missing = expected.map(\.name).filter { !shapes.contains($0) }
    misshapen = expected.compactMap { tensor in
      guard let shape = shapes[tensor.name], shape != tensor.shape else { return nil }
      return (tensor.name, shape, tensor.shape)
    }
    extra = shapes.names.filter { !known.contains($0) }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// The number of differences.
  var count: Int { missing.count + misshapen.count + extra.count }

  /// The most tensors of a kind that `lines` lists.
  private static let most = 40

  /// The differences in some words: their numbers, each with a first example.
  var summary: String {
    let parts = [
      missing.first.map { "\(missing.count) missing (\($0)\(missing.count > 1 ? ", …" : ""))" },
      misshapen.first.map {
        "\(misshapen.count) of another shape (\($0.name) \($0.shape), not \($0.expected)"
          + "\(misshapen.count > 1 ? ", …" : ""))"
      },
      extra.first.map { "\(extra.count) that it has not (\($0)\(extra.count > 1 ? ", …" : ""))" },
    ]
    return parts.compactMap(\.self).joined(separator: ", ")
  }

  /// The differences, a line for each tensor; of very many of a kind, the first ones and their number.
  package var lines: [String] {
    Self.list(missing.map { "missing: \($0)" }) + Self.list(extra.map { "not the encoder's: \($0)" })
      + Self.list(misshapen.map { "of another shape: \($0.name) is \($0.shape), and has to be \($0.expected)" })
  }

  private static func list(_ lines: [String]) -> [String] {
    lines.count <= most ? lines : lines.prefix(most) + ["… and \(lines.count - most) more"]
  }
}
