/// The shapes of another toolkit's tensors by the names that they have in their encoder.
struct TensorShapes: Sendable {
  private let shapes: [String: [Int]]

  init(_ shapes: [String: [Int]]) { self.shapes = shapes }

  var names: some Collection<String> { shapes.keys }

  subscript(name: String) -> [Int]? { shapes[name] }

  func contains(_ name: String) -> Bool { shapes[name] != nil }

  /// The largest extent that is told: no product of a few such extents overflows.
  private static let largest = 1 << 20

  /// An extent of a tensor's shape; 1 where there is no such tensor or extent, and the largest where it is larger,
  /// which a comparison with the layout finds.
  func extent(_ name: String, _ axis: Int) -> Int {
    guard let shape = shapes[name], shape.indices.contains(axis) else { return 1 }
    return min(max(shape[axis], 1), Self.largest)
  }

  /// The statistics over time whose parameters lie in a scope of wespeaker's names, as `encoder.pooling` calls them.
  func pooling(in scope: String) -> String {
    let marks = [("lin1_relu_bn.0.weight", "xi"), ("attention.0.weight", "asp"), ("linear1.weight", "astp")]
    return marks.first { contains("\(scope).\($0.0)") }?.1 ?? "tstp"
  }
}
