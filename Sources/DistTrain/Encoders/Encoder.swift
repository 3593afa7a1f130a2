/// A network from features to speaker embeddings. It holds no parameters: these lie in flat buffers as `layout`
/// describes and travel in the passes.
public protocol Encoder: Sendable {
  var layout: EncoderLayout { get }
  /// The number of features of a frame.
  var bins: Int { get }
  /// The number of dimensions of an embedding.
  var dimensions: Int { get }
  /// The fewest frames that an utterance may have.
  var minimumFrames: Int { get }
  /// The most frames that one frame of a map within the encoder stands for, from which follows how its memory grows
  /// with time.
  var frameStride: Int { get }
  /// The numbers of frames, of `frameStride` each, by which maps within the encoder are shorter than its input, because
  /// convolutions see no frames beyond the ends; from which follows how its memory grows with time, too.
  var lostFrames: [Int] { get }

  /// Computes embeddings.
  /// - Parameter features: the features, bins × (utterances · frames), of utterances of equal length with at least
  ///   `minimumFrames` frames.
  /// - Returns: the embeddings before length normalisation, utterances × dimensions, and the pullback for their
  ///   gradients, which holds what the forward pass kept.
  func encode(_ features: Matrix, utterances: Int, _ pass: ForwardPass) -> (embeddings: Matrix, pullback: Pullback)
}

extension Encoder {
  /// One frame, unless the encoder strides over time.
  public var frameStride: Int { 1 }
  /// No frames, unless the encoder has convolutions without padding.
  public var lostFrames: [Int] { [0] }
}

/// The way back through an encoder from the embeddings' gradients to those of the parameters.
public struct Pullback {
  private let layout: EncoderLayout
  private let body: (_ gradient: Matrix, _ pass: BackwardPass) -> Void

  /// - Parameters:
  ///   - layout: the layout of the encoder.
  ///   - body: takes the gradients of all objectives side by side, dimensions × (objectives · utterances), and adds
  ///     those of all parameters to the pass's buffers.
  public init(_ layout: EncoderLayout, _ body: @escaping (_ gradient: Matrix, _ pass: BackwardPass) -> Void) {
    self.layout = layout
    self.body = body
  }

  /// Adds each objective's gradient of the parameters to its buffer in the pass, which reports on the way which are
  /// final.
  /// - Parameter gradients: the gradients of the embeddings, utterances × dimensions, one for each of the pass's
  ///   objectives.
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
