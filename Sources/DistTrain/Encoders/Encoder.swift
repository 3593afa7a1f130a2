/// A network from features to speaker embeddings. It holds no parameters: those lie in flat buffers laid out as `layout`
/// says and travel in the passes.
package protocol Encoder: Sendable {
  var layout: EncoderLayout { get }
  /// Features of a frame.
  var bins: Int { get }
  /// Numbers of an embedding.
  var dimensions: Int { get }
  /// The fewest frames of an utterance that it takes.
  var minimumFrames: Int { get }

  /// - Parameter features: bins × (utterances · frames), utterances of equal length, at least `minimumFrames`.
  /// - Returns: embeddings before length normalisation, utterances × dimensions, and what sends their gradients back. It
  ///   holds what the forward pass kept for that.
  func encode(_ features: Matrix, utterances: Int, _ pass: ForwardPass) -> (embeddings: Matrix, pullback: Pullback)
}

/// Adds each objective's gradient of an encoder's parameters to its buffer in the pass. It takes the gradients of the
/// embeddings, utterances × dimensions, one for each objective.
package typealias Pullback = (_ gradients: [Matrix], _ pass: BackwardPass) -> Void
