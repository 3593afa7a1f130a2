/// The tensors of another toolkit's encoder within its file, by the names that they have in the encoder.
struct ForeignTensors: Sendable {
  /// What is in a file besides the encoder.
  private enum Rest: CaseIterable {
    case counts, classifier, frontEnd, outside

    var words: String {
      switch self {
      case .counts: "that count batches"
      case .classifier: "of a classifier or loss"
      case .frontEnd: "constants of a front end"
      case .outside: "outside of the encoder"
      }
    }
  }

  let shapes: TensorShapes
  /// Lines about what is not taken from the file, and what is rounded.
  let notes: [String]
  /// Whether the file has what wespeaker's have besides the encoder: a classifier, or the mean of its exporter.
  let isWespeakers: Bool
  private let file: any TensorFile
  private let prefix: String

  /// The first words of names of what tells training speakers apart, and of losses.
  private static let classifiers: Set = ["projection", "classifier", "criterion", "loss", "loss_func"]
  private static let frontEnds: Set = ["frontend", "spec"]
  /// The most numbers that the constants of a front end have; a network has more.
  private static let mostConstants = 1 << 22

  /// - Parameter prefix: what the names of all the encoder's tensors begin with.
  /// - Throws: `Failure(.badData)` for a file whose front end is a network.
  init(_ file: any TensorFile, prefix: String) throws {
    (self.file, self.prefix) = (file, prefix)
    var shapes: [String: [Int]] = [:]
    var left: [Rest: [String]] = [:]
    var (doubles, constants) = (0, 0)
    for name in file.names {
      let inner = name.begins(with: prefix) ? name.dropping(bytes: prefix.utf8.count) : nil
      let shape = try file.shape(of: name)
      if let rest = Self.rest(inner ?? name) ?? (inner == nil ? .outside : nil) {
        left[rest, default: []].append(name)
        if rest == .frontEnd { constants += Self.count(shape) }
      } else if let inner {
        shapes[inner] = shape
        if try file.element(of: name) == .float64 { doubles += 1 }
      }
    }
    guard constants <= Self.mostConstants else {
      throw Failure(.badData, "\(file.path): its front end is a network, which svdist does not have")
    }
    self.shapes = TensorShapes(shapes)
    isWespeakers = left[.classifier] != nil || (file as? ExportedTensors)?.isWespeakers == true
    notes =
      try Rest.allCases.compactMap { rest in left[rest].map { Self.note($0, rest.words) } }
      + Self.notes(onOthersIn: file)
      + ((file as? ExportedTensors)?.notes() ?? [])
      + (doubles > 0 ? ["\(doubles.counted("tensor")) of 64-bit numbers are rounded to 32 bits"] : [])
  }

  /// What a tensor is where its name says that it is not the encoder's.
  private static func rest(_ name: String) -> Rest? {
    if name.ends(with: "num_batches_tracked") { return .counts }
    let first = String(name.prefix { $0 != "." })
    if classifiers.contains(first) { return .classifier }
    return frontEnds.contains(first) ? .frontEnd : nil
  }

  /// The number of elements of a shape, of very many the most that a front end has and one.
  private static func count(_ shape: [Int]) -> Int {
    shape.reduce(1) { product, extent in
      let (count, overflow) = product.multipliedReportingOverflow(by: extent)
      return overflow ? mostConstants + 1 : min(count, mostConstants + 1)
    }
  }

  private static func note(_ names: [String], _ words: String) -> String {
    "left out: \(names.count.counted("tensor")) \(words) "
      + "(\(names.prefix(3).joined(separator: ", "))\(names.count > 3 ? ", …" : ""))"
  }

  /// A line about what is among the tensors of PyTorch's file and is none; none where all are.
  private static func notes(onOthersIn file: any TensorFile) -> [String] {
    let others = (file as? TorchFile)?.others.filter { !$0.ends(with: "num_batches_tracked") } ?? []
    guard let first = others.first else { return [] }
    return ["left out: \(others.count) that are no tensors of PyTorch's (\(first)\(others.count > 1 ? ", …" : ""))"]
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
