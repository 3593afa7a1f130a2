/// The shapes of another toolkit's tensors by the names that they have in their encoder.
struct TensorShapes: Sendable {
  private let shapes: [String: [Int]]

  init(_ shapes: [String: [Int]]) { self.shapes = shapes }

  var names: some Collection<String> { shapes.keys }

  subscript(name: String) -> [Int]? { shapes[name] }

  func contains(_ name: String) -> Bool { shapes[name] != nil }

  /// The largest extent that is told: no product of a few such extents overflows.
  private static let largest = 1 << 20

  /// A tensor that is not there, by which an encoder's sizes would be told.
  struct Missing: Error {
    let name: String
  }

  /// An extent of a tensor's shape; 1 where it has no such axis, and the largest where it is larger, which a comparison
  /// with the layout finds.
  func extent(_ name: String, _ axis: Int) throws(Missing) -> Int {
    guard let shape = shapes[name] else { throw Missing(name: name) }
    return shape.indices.contains(axis) ? min(max(shape[axis], 1), Self.largest) : 1
  }

  /// Whether an extent of a tensor is a number; false where there is no such tensor.
  func has(_ name: String, _ axis: Int, of extent: Int) -> Bool {
    contains(name) && (try? self.extent(name, axis)) == extent
  }

  /// The statistics over time whose parameters lie in a scope of wespeaker's names, as `encoder.pooling` calls them.
  func pooling(in scope: String) -> String {
    let marks = [("lin1_relu_bn.0.weight", "xi"), ("attention.0.weight", "asp"), ("linear1.weight", "astp")]
    return marks.first { contains("\(scope).\($0.0)") }?.1 ?? "tstp"
  }
}
