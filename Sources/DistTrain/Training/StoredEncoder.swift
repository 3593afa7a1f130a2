/// The numbers of an encoder as a file holds them, with the settings that say which encoder they are of.
public struct StoredEncoder: Sendable {
  /// The file that they were read from.
  public let path: String
  /// A digest of the encoder's tensors, sizes and front end, by which it is told from another one.
  public let identity: String
  /// The settings of the encoder and its front end; all others are the defaults.
  package let configuration: Configuration
  package let encoder: any Encoder
  /// The encoder's parameters, in one row.
  package let parameters: Matrix
  /// The encoder's running statistics, in one row.
  package let statistics: Matrix
  /// The prototypes beside the encoder; nil where they were not asked for.
  package let classifier: StoredClassifier?

  /// Reads an encoder.
  /// - Parameter path: a run folder (of which the newest checkpoint that verifies is read), a checkpoint's folder or a
  ///   `model.safetensors`.
  /// - Throws: `Failure(.badData)` that says what is missing or broken.
  public init(_ path: String) throws {
    try self.init(file: EncoderChoice(path).file)
  }

  /// Reads an encoder from a file that was chosen.
  /// - Parameter training: the settings of a training that is to start from the encoder, which may want its classifier,
  ///   too; nil where it is for other uses.
  /// - Throws: `Failure(.badData)` that says what is missing or broken; `Failure(.usage)` where the training's settings
  ///   want another encoder, or a classifier that is not there.
  package init(file path: String, for training: Configuration? = nil) throws {
    self.path = path
    let file = try SafetensorsFile(path: path)
    configuration = try Configuration.encoder(metadata: file.metadata, path: path)
    try training?.checkEncoder(configuration, of: path)
    encoder = configuration.network
    try Self.checkTensors(file, encoder.layout, of: configuration.encoder)
    parameters = try Self.read(file, encoder.layout.parameters)
    statistics = try Self.read(file, encoder.layout.statistics)
    classifier = try training.flatMap {
      $0.training.fromClassifier == .kept ? try StoredClassifier(file, for: $0) : nil
    }
    identity = Self.identity(configuration.encoderMetadata, [parameters, statistics])
  }

  private static func read(_ file: SafetensorsFile, _ layout: ParameterLayout) throws -> Matrix {
    let buffer = Matrix(rows: 1, columns: layout.count)
    for tensor in layout.parameters {
      try file.read(
        tensor.name, shape: tensor.shape,
        into: UnsafeMutableBufferPointer(rebasing: buffer.elements[tensor.range]))
    }
    return buffer
  }

  /// Compares the tensors that an encoder needs with those in a file's header, so that no memory is allocated for sizes
  /// which the file claims but does not hold.
  /// - Throws: `Failure(.badData)` that names the first tensor which is missing or has another shape.
  private static func checkTensors(_ file: SafetensorsFile, _ layout: EncoderLayout, of settings: Configuration.Encoder)
    throws
  {
    for tensor in layout.parameters.parameters + layout.statistics.parameters {
      guard file.contains(tensor.name) else {
        throw Failure(
          .badData,
          "\(file.path): says of itself that it holds \(settings.description), but has no tensor \(tensor.name) of that "
            + "encoder")
      }
      let shape = try file.shape(of: tensor.name)
      guard shape == tensor.shape else {
        throw Failure(
          .badData,
          "\(file.path): tensor \(tensor.name) has shape \(shape), but the sizes in the file's metadata "
            + "require \(tensor.shape)")
      }
    }
  }

  /// The order and places of the tensors follow from the metadata.
  private static func identity(_ metadata: [String: String], _ numbers: [Matrix]) -> String {
    var digest = SHA256()
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
      Array("\(key)=\(value)\n".utf8).withUnsafeBytes { digest.update($0) }
    }
    for matrix in numbers {
      digest.update(UnsafeRawBufferPointer(start: matrix.pointer, count: 4 * matrix.count))
    }
    return digest.finish().hexadecimal
  }
}

extension StoredEncoder {
  /// Whether the tensors are those of an encoder, by names and shapes.
  func fits(_ other: any Encoder) -> Bool {
    let layouts = [encoder.layout, other.layout].map { $0.parameters.parameters + $0.statistics.parameters }
    return layouts[0].count == layouts[1].count
      && zip(layouts[0], layouts[1]).allSatisfy { $0.name == $1.name && $0.shape == $1.shape }
  }
}
