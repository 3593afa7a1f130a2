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
  func update(_ values: Matrix, gradient: Matrix, learningRate: Double)
}
