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
    let stored = try StoredEncoder(path)
    self.path = stored.path
    extractor = EmbeddingExtractor(
      encoder: stored.encoder, frontEnd: stored.configuration.features, parameters: stored.parameters,
      statistics: stored.statistics, longestPiece: longestPiece)
    settings = stored.configuration.encoderMetadata
    identity = stored.identity
  }
}
