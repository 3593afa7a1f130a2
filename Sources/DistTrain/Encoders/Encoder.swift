/// A network from features to speaker embeddings. It holds no parameters: those lie in flat buffers laid out as `layout`
/// says and travel in the passes.
public protocol Encoder: Sendable {
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

/// The way back through an encoder from the embeddings' gradients to those of the parameters.
public struct Pullback {
  private let layout: EncoderLayout
  private let body: (_ gradient: Matrix, _ pass: BackwardPass) -> Void

  /// - Parameters:
  ///   - layout: the encoder's.
  ///   - body: takes the gradients of all objectives side by side, dimensions × (objectives · utterances), and adds those of
  ///     all parameters to the pass's buffers.
  public init(_ layout: EncoderLayout, _ body: @escaping (_ gradient: Matrix, _ pass: BackwardPass) -> Void) {
    self.layout = layout
    self.body = body
  }

  /// Adds each objective's gradient of the parameters to its buffer in the pass, which is told on the way what is final.
  /// - Parameter gradients: of the embeddings, utterances × dimensions, one for each of the pass's objectives.
  public func callAsFunction(_ gradients: [Matrix], _ pass: BackwardPass) {
    precondition(gradients.count == pass.objectives, "a gradient and a buffer for each objective")
    body(Self.sideBySide(gradients), pass.through(layout))
  }

  private static func sideBySide(_ gradients: [Matrix]) -> Matrix {
    let (utterances, dimensions) = (gradients[0].rows, gradients[0].columns)
    let result = Matrix(rows: dimensions, columns: gradients.count * utterances)
    for (objective, gradient) in gradients.enumerated() {
      for utterance in 0..<utterances {
        for dimension in 0..<dimensions {
          result[dimension, objective * utterances + utterance] = gradient[utterance, dimension]
        }
      }
    }
    return result
  }
}
