/// A network from features to speaker embeddings. It holds no parameters: those lie in flat buffers laid out as `layout`
/// says and travel in the passes.
package protocol Encoder: Sendable {
  associatedtype Cache

  var layout: EncoderLayout { get }
  /// Features of a frame.
  var bins: Int { get }
  /// Numbers of an embedding.
  var dimensions: Int { get }
  /// The fewest frames of an utterance that it takes.
  var minimumFrames: Int { get }

  /// - Parameter features: bins × (utterances · frames), utterances of equal length, at least `minimumFrames`.
  /// - Returns: embeddings before length normalisation, utterances × dimensions.
  func forward(_ features: Matrix, utterances: Int, _ pass: ForwardPass) -> (Matrix, Cache)

  /// Adds each objective's gradient of the parameters to its buffer.
  /// - Parameter gradients: of the embeddings, utterances × dimensions, one for each objective.
  func backward(_ gradients: [Matrix], cache: Cache, _ pass: BackwardPass)
}
