import Foundation

/// An encoder with its parameters, read from a run folder, a checkpoint or a file of parameters.
public struct TrainedEncoder: Sendable {
  /// The file that the parameters were read from.
  public let path: String
  /// Computes embeddings with the encoder and the front end that it was trained with.
  public let extractor: EmbeddingExtractor
  /// A digest of the encoder's tensors, sizes and front end, by which its embeddings are told from another one's.
  public let identity: String
  /// The settings of the encoder and of its front end by their keys.
  package let settings: [String: String]

  /// Reads an encoder.
  /// - Parameters:
  ///   - path: a run folder (of which the newest checkpoint that verifies is read), a checkpoint's folder or a
  ///     `model.safetensors`.
  ///   - longestPiece: the length in seconds of the longest utterance that the extractor embeds as a whole.
  /// - Throws: `Failure(.badData)` that says what is missing or broken.
  public init(_ path: String, longestPiece: Double = EmbeddingExtractor.usualLongestPiece) throws {
    self.path = try Choice(path).file
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
      encoder: encoder, frontEnd: configuration.features, parameters: parameters, statistics: statistics,
      longestPiece: longestPiece)
    settings = configuration.encoderMetadata
    identity = Self.identity(settings, [parameters, statistics])
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

extension TrainedEncoder {
  /// The file that a path means.
  package struct Choice: Sendable {
    /// The file of the parameters.
    package let file: String
    /// Lines about what was chosen among several checkpoints, and what was passed over; none where there was no choice.
    package let notes: [String]

    /// Chooses the newest checkpoint of a run that verifies. A checkpoint that the path itself names has to be as it
    /// was written.
    /// - Parameter path: a path that `TrainedEncoder` takes.
    /// - Throws: `Failure(.badData)` that says what is missing or broken.
    package init(_ path: String) throws {
      guard FileSystem.isFolder(path) else {
        (file, notes) = (path, [])
        try Checkpoint.verifyEncoder(file)
        return
      }
      let path = path.withoutEndingSlashes
      let store = CheckpointStore(path: path + "/checkpoints")
      if FileSystem.isFolder(store.path) {
        let (newest, rejected) = try store.newest()
        guard let newest else { throw Failure(.badData, "\(path): the run has no checkpoint yet") }
        file = newest.encoderPath
        let best = store.best.flatMap { $0 == newest.step ? nil : $0 }.map {
          "; the one of the lowest held-out EER is that of step \($0): \(store.path)/\(CheckpointStore.bestName)"
        }
        notes =
          rejected.map { "warning: \($0.path) is passed over: \($0.reason)" }
          + ["note: \(path): its newest checkpoint is taken, that of step \(newest.step)\(best ?? "")"]
        return
      }
      (file, notes) = (path + "/model.safetensors", [])
      guard FileSystem.exists(file) else {
        throw Failure(.badData, "\(path): neither a run folder nor a checkpoint (no model.safetensors in it)")
      }
      try Checkpoint.verifyEncoder(file)
    }
  }
}
