/// An encoder with its parameters, read from a run folder, a checkpoint or a file of parameters.
public struct TrainedEncoder: Sendable {
  /// The file that the parameters were read from.
  public let path: String
  /// Computes embeddings with the encoder and the front end that it was trained with.
  public let extractor: EmbeddingExtractor

  /// Reads an encoder.
  /// - Parameter path: a run folder (of which the newest checkpoint that verifies is read), a checkpoint's folder or a
  ///   `model.safetensors`.
  /// - Throws: `Failure(.badData)` that says what is missing or broken.
  public init(_ path: String) throws {
    self.path = try Self.file(path)
    let file = try SafetensorsFile(path: self.path)
    let configuration = try Configuration.encoder(metadata: file.metadata, path: self.path)
    let encoder = configuration.network
    try Self.checkTensors(file, encoder.layout, of: configuration.encoder)
    let parameters = Matrix(rows: 1, columns: encoder.layout.parameters.count)
    let statistics = Matrix(rows: 1, columns: encoder.layout.statistics.count)
    for (buffer, layout) in [(parameters, encoder.layout.parameters), (statistics, encoder.layout.statistics)] {
      for tensor in layout.parameters {
        try file.read(
          tensor.name, shape: tensor.shape,
          into: UnsafeMutableBufferPointer(rebasing: buffer.elements[tensor.range]))
      }
    }
    extractor = EmbeddingExtractor(
      encoder: encoder, frontEnd: configuration.features, parameters: parameters, statistics: statistics)
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

  private static func file(_ path: String) throws -> String {
    guard FileSystem.isFolder(path) else { return path }
    if FileSystem.isFolder(path + "/checkpoints") {
      guard let newest = try CheckpointStore(path: path + "/checkpoints").newest().checkpoint else {
        throw Failure(.badData, "\(path): the run has no checkpoint yet")
      }
      return newest.encoderPath
    }
    guard FileSystem.exists(path + "/model.safetensors") else {
      throw Failure(.badData, "\(path): neither a run folder nor a checkpoint (no model.safetensors in it)")
    }
    return path + "/model.safetensors"
  }
}
