/// What tells speakers apart by their embeddings, with parameters of its own.
///
/// Nobody else sees the prototypes, or a row's cosines with all of them: a classifier may compute all speakers on every rank
/// or share them out, and objectives ask it for losses and certainties alone.
public protocol Classifier: Sendable {
  /// The parameters of the part that this rank holds, for embeddings of so many numbers.
  func layout(dimensions: Int) -> ParameterLayout
  /// - Parameter parameters: laid out as above, one row. They stay as they are as long as the classification is in use.
  func classify(_ batch: ObjectiveBatch, parameters: MatrixView) -> any Classification
  /// Numbers that a step over so many of this rank's rows keeps in memory beside the parameters.
  func workspace(rows: Int, dimensions: Int) -> Int
}

/// One rank's rows of a batch as a classifier sees them.
public protocol Classification {
  /// The softmax loss, with a margin on the target's cosine.
  func loss(_ softmax: AdditiveAngularMarginSoftmax, margin: Double) -> ObjectiveValue
  /// How sure the classifier is of each of the rows.
  func certainty(_ attention: ClassAwareAttention) -> [Double]
  /// Adds to a gradient by the rows' embeddings what that of their certainties makes of them. The classifier's parameters
  /// take none of it.
  func addCertainty(_ gradient: [Double], _ attention: ClassAwareAttention, to embeddings: Matrix)
}

/// Brings the gradient of the classifier's parameters, in two halves: the sum over the batch lies between them.
public struct ClassifierPullback {
  /// Adds what this rank's units bring, for each of their nodes to a row like the parameters.
  public let add: (_ nodes: [MatrixView]) -> Void
  /// Makes the gradient of the sum of all nodes, in place.
  public let finish: (_ sum: MatrixView) -> Void

  public init(add: @escaping ([MatrixView]) -> Void, finish: @escaping (MatrixView) -> Void) {
    self.add = add
    self.finish = finish
  }
}
