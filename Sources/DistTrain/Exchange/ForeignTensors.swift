/// The tensors of another toolkit's encoder within its file, by the names that they have in the encoder.
struct ForeignTensors: Sendable {
  let shapes: TensorShapes
  /// Lines about what is not taken from the file, and what is rounded.
  let notes: [String]
  /// Whether a classifier is in the file, as wespeaker's have it.
  let hasProjection: Bool
  private let file: any TensorFile
  private let prefix: String

  /// The first words of names of what tells training speakers apart, and of losses.
  private static let classifiers: Set = ["projection", "classifier", "criterion", "loss", "loss_func"]
  /// The most numbers that the constants of a front end have.
  private static let frontEndNumbers = 1 << 22

  /// - Parameter prefix: what the names of all the encoder's tensors begin with.
  /// - Throws: `Failure(.badData)` for a file whose front end is a network.
  init(_ file: any TensorFile, prefix: String) throws {
    (self.file, self.prefix) = (file, prefix)
    var shapes: [String: [Int]] = [:]
    var left: [(what: String, names: [String])] = [
      ("counts of batches", []), ("of a classifier or loss", []), ("constants of a front end", []),
      ("outside of \(prefix)", []),
    ]
    var (doubles, constants) = (0, 0)
    for name in file.names {
      let inner = name.begins(with: prefix) ? name.dropping(bytes: prefix.utf8.count) : name
      let first = String(inner.prefix { $0 != "." })
      let shape = try file.shape(of: name)
      if inner.ends(with: "num_batches_tracked") {
        left[0].names.append(name)
      } else if Self.classifiers.contains(first) {
        left[1].names.append(name)
      } else if ["frontend", "spec"].contains(first) {
        left[2].names.append(name)
        constants += shape.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
      } else if !name.begins(with: prefix) {
        left[3].names.append(name)
      } else {
        shapes[inner] = shape
        if try file.element(of: name) == .float64 { doubles += 1 }
      }
    }
    guard (0...Self.frontEndNumbers).contains(constants) else {
      throw Failure(
        .badData, "\(file.path): its front end is a network of \(constants) numbers, which svdist does not have")
    }
    self.shapes = TensorShapes(shapes)
    hasProjection = !left[1].names.isEmpty
    var notes = left.filter { !$0.names.isEmpty }.map { what, names in
      "\(names.count) \(names.count == 1 ? "tensor" : "tensors") left out, \(what): \(names.prefix(3).joined(separator: ", "))"
        + (names.count > 3 ? ", …" : "")
    }
    if doubles > 0 { notes.append("\(doubles) tensors of 64-bit numbers are rounded to 32 bits") }
    self.notes = notes
  }

  /// Reads a tensor of the encoder as floats.
  /// - Throws: `Failure(.badData)` also where a value is infinite or no number.
  func read(_ name: String, into values: UnsafeMutableBufferPointer<Float>) throws {
    try file.read(prefix + name, into: values)
    guard values.allSatisfy(\.isFinite) else {
      throw Failure(.badData, "\(file.path): tensor \(prefix + name) has values that are infinite or no numbers")
    }
  }
}
