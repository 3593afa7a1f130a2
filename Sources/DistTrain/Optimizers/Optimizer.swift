/// A rule by which parameters follow a gradient.
public protocol Optimizer: AnyObject {
  /// The values that the rule remembers, by name, each laid out like the parameters. All of them belong in a
  /// checkpoint.
  var state: [(name: String, values: Matrix)] { get }
  /// The number of updates made so far.
  var updates: Int { get set }

  /// Makes one update, in place.
  /// - Parameters:
  ///   - values: the flat parameters.
  ///   - gradient: the gradient, laid out like the parameters.
  ///   - rate: gives the rate of a parameter. One for which it gives nil stays as it is, and so does what the rule
  ///     remembers of it.
  func update(_ values: Matrix, gradient: Matrix, rate: (Parameter) -> UpdateRate?)
}

extension Optimizer {
  /// Makes one update of all parameters, in place.
  /// - Parameters:
  ///   - values: the flat parameters.
  ///   - gradient: the gradient, laid out like the parameters.
  public func update(_ values: Matrix, gradient: Matrix, learningRate: Double) {
    update(values, gradient: gradient) { _ in UpdateRate(learningRate) }
  }
}

/// The rate at which a parameter follows its gradient in an update.
public struct UpdateRate: Sendable, Equatable {
  /// The learning rate.
  public var learningRate: Double
  /// The most updates of the parameter so far, this one included, by which a rule corrects for the start of its means:
  /// fewer than all of a training where it was frozen before.
  public var mostUpdates: Int
  /// The elements that are updated, ascending; nil for all. Others stay as they are, and so does what the rule remembers
  /// of them.
  package var elements: [Range<Int>]?

  /// A rate.
  /// - Parameter mostUpdates: the most updates of the parameter so far, this one included.
  public init(_ learningRate: Double, mostUpdates: Int = .max) {
    self.learningRate = learningRate
    self.mostUpdates = mostUpdates
  }

  /// Calls `body` with ranges that make up the elements that are updated, on all threads of the rank.
  /// - Parameter count: the number of the parameter's elements.
  func inPieces(of count: Int, _ body: @Sendable (Range<Int>) -> Void) {
    guard let elements else { return DistTrain.inPieces(count, body) }
    inParallel(elements.count) { body(elements[$0]) }
  }
}
