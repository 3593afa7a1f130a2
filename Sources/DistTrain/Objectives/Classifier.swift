/// The part of a training that tells speakers apart by their embeddings, with parameters of its own.
///
/// No other part sees the prototypes or a row's cosines with all of them. A classifier may compute all speakers on
/// every rank or share them out, because objectives ask it only for losses and certainties.
public protocol Classifier: Sendable {
  /// The layout of the parameters that this rank holds, for embeddings of the given number of dimensions.
  func layout(dimensions: Int) -> ParameterLayout
  /// Compares the rows of a batch with the speakers.
  /// - Parameter parameters: the parameters in one row, laid out by `layout`. They stay as they are while the
  ///   classification is in use.
  func classify(_ batch: ObjectiveBatch, parameters: MatrixView) -> any Classification
  /// The number of floats that a step over so many rows of this rank keeps in memory besides the parameters.
  func workspace(rows: Int, dimensions: Int) -> Int
}

/// The rows that one rank has of a batch, as a classifier sees them.
public protocol Classification {
  /// The softmax loss, with a margin on the target's cosine.
  func loss(_ softmax: AdditiveAngularMarginSoftmax, margin: Double) -> ObjectiveValue
  /// The classifier's certainty about each of the rows.
  func certainty(_ attention: ClassAwareAttention) -> [Double]
  /// Adds the part of the gradient that reaches the embeddings through the certainties. The classifier's parameters
  /// take none of it.
  /// - Parameters:
  ///   - gradient: the gradient of each row's certainty.
  ///   - embeddings: the gradient of the rows' embeddings, rows × dimensions, to which that part is added.
  func addCertainty(_ gradient: [Double], _ attention: ClassAwareAttention, to embeddings: Matrix)
}

/// Computes the gradient of the classifier's parameters in two halves, with the sum over the batch between them.
public struct ClassifierPullback {
  /// Adds the shares of this rank's units to one row like the parameters for each of their nodes.
  public let add: (_ nodes: [MatrixView]) -> Void
  /// Turns the sum of all nodes into the gradient, in place.
  public let finish: (_ sum: MatrixView) -> Void

  /// Whether this rank alone holds its parameters, so that what `add` writes to one row is their gradient.
  package let isWhole: Bool
  /// The elements of that row which `add` writes, ascending; nil for all.
  package let written: [Range<Int>]?

  /// A pullback of the two halves.
  public init(add: @escaping ([MatrixView]) -> Void, finish: @escaping (MatrixView) -> Void) {
    self.add = add
    self.finish = finish
    isWhole = false
    written = nil
  }

  /// A pullback that writes the gradient of parameters that no other rank holds.
  /// - Parameter written: the elements that it writes, ascending; nil for all. The others' gradient is 0, and stays
  ///   as it is.
  package init(only written: [Range<Int>]? = nil, writing write: @escaping (_ gradient: MatrixView) -> Void) {
    self.written = written
    add = { nodes in write(nodes[0]) }
    finish = { _ in }
    isWhole = true
  }
}
