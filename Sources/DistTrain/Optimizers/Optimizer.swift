/// A rule by which parameters follow a gradient.
public protocol Optimizer: AnyObject {
  /// What the rule remembers, by name, each like the parameters: all of it belongs in a checkpoint.
  var state: [(name: String, values: Matrix)] { get }
  /// Updates made so far.
  var updates: Int { get set }

  /// One update, in place.
  /// - Parameters:
  ///   - values: the flat parameters.
  ///   - gradient: like the parameters.
  func update(_ values: Matrix, gradient: Matrix, learningRate: Double)
}
