import Synchronization

/// What the layers of an encoder that does not learn make of their weights, once for all passes: weights that are scaled,
/// transformed, and laid out for products. It holds for parameters and running statistics that do not change.
package final class PreparedWeights: Sendable {
  /// A layer makes different things of a parameter where it computes some inputs one way and others another.
  private struct Key: Hashable {
    let offset: Int
    let type: ObjectIdentifier
  }

  private let made = Mutex<[Key: any Sendable]>([:])

  package init() {}

  /// What a layer made of a parameter at the first pass. Of passes at the same time each may make it; all take the
  /// first one's.
  func value<Value: Sendable>(of parameter: Parameter, _ make: () -> Value) -> Value {
    let key = Key(offset: parameter.offset, type: ObjectIdentifier(Value.self))
    if let known = made.withLock({ $0[key] as? Value }) { return known }
    let new = make()
    return made.withLock { made in
      if let known = made[key] as? Value { return known }
      made[key] = new
      return new
    }
  }
}
