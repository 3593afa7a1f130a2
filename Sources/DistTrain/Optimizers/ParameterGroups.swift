/// The parts of an encoder, and the classifier beside it, that a training treats in ways of their own: frozen ones, and
/// ones that follow at a share of the learning rate.
///
/// Parts are named by the beginnings of their tensors' names, in whole words between dots: `layer1` is
/// `layer1.conv.weight` and not `layer10.conv.weight`. The classifier's tensors have names of their own here, which
/// begin with `classification`.
public struct ParameterGroups: Sendable, Equatable {
  /// The name under which the classifier's tensors are.
  package static let classifier = "classification"

  /// The parts that stay as they are.
  public var frozen: [String]
  /// The step, counted from 0, from which on they are trained like the others; nil for never.
  public var unfreeze: Int?
  /// The factors of the learning rate by part; of several parts that hold a tensor, the one of the longest name counts.
  public var factors: [String: Double]

  /// Groups of parameters; by default all are trained alike.
  public init(frozen: [String] = [], unfreeze: Int? = nil, factors: [String: Double] = [:]) {
    self.frozen = frozen
    self.unfreeze = unfreeze
    self.factors = factors
  }

  /// Whether there are frozen parts at a step.
  package func freezes(at step: Int) -> Bool { !frozen.isEmpty && step < unfreeze ?? .max }

  /// Whether a tensor belongs to a frozen part.
  func isFrozen(_ name: String) -> Bool { frozen.contains { Self.holds($0, name) } }

  /// The number of the first `steps` steps that train a tensor.
  func updates(of name: String, in steps: Int) -> Int {
    isFrozen(name) ? max(0, steps - (unfreeze ?? .max)) : steps
  }

  /// The factor of the learning rate of a tensor.
  func factor(of name: String) -> Double {
    let own = factors.filter { Self.holds($0.key, name) }
    return own.max { $0.key.utf8.count < $1.key.utf8.count }?.value ?? 1
  }

  /// Whether a tensor belongs to a part.
  package static func holds(_ part: String, _ name: String) -> Bool {
    let (part, name) = (part.utf8, name.utf8)
    return name.starts(with: part)
      && (name.count == part.count || part.last == UInt8(ascii: ".")
        || name.dropFirst(part.count).first == UInt8(ascii: "."))
  }
}

/// The groups of a training's parameters, tensor by tensor.
package struct GroupedParameters: Sendable {
  /// What a step leaves as it is.
  package struct Frozen: Sendable {
    /// The places of the frozen parameters in the flat buffer, neighbours joined.
    package let parameters: [Range<Int>]
    /// The offsets of the running statistics of frozen parts.
    package let statistics: Set<Int>
    /// The places of these statistics in their flat buffer.
    package let statisticRanges: [Range<Int>]

    package static let none = Frozen(parameters: [], statistics: [], statisticRanges: [])
  }

  /// A stretch of steps that were taken with other groups.
  package typealias Stretch = (groups: ParameterGroups, steps: Int)

  private let groups: ParameterGroups
  /// The step from which the groups count theirs.
  private let first: Int
  private let frozen: Frozen
  private let frozenOffsets: Set<Int>
  private let factors: [Int: Double]
  /// The number of updates before `first` of each parameter that was frozen for some of them, by its offset.
  private let updatesBefore: [Int: Int]

  /// - Parameters:
  ///   - parameters: the layout of all parameters, of which the encoder's come first.
  ///   - encoder: the encoder's own layout.
  ///   - earlier: the steps that were taken before those of these groups.
  package init(
    _ groups: ParameterGroups, _ parameters: ParameterLayout, encoder: EncoderLayout, after earlier: [Stretch] = []
  ) {
    self.groups = groups
    first = earlier.reduce(0) { $0 + $1.steps }
    let named = Self.named(parameters, encoder: encoder)
    let still = named.filter { groups.isFrozen($0.name) }.map(\.parameter)
    let statistics = encoder.statistics.parameters.filter { groups.isFrozen($0.name) }
    frozen = Frozen(
      parameters: Self.joined(still.map(\.range)), statistics: Set(statistics.map(\.offset)),
      statisticRanges: Self.joined(statistics.map(\.range)))
    frozenOffsets = Set(still.map(\.offset))
    factors = Dictionary(uniqueKeysWithValues: named.map { ($0.parameter.offset, groups.factor(of: $0.name)) })
    let updates = named.map { name, parameter in
      (parameter.offset, earlier.reduce(0) { $0 + $1.groups.updates(of: name, in: $1.steps) })
    }
    updatesBefore = Dictionary(uniqueKeysWithValues: updates.filter { [first] in $1 < first })
  }

  /// The parameters with the names by which parts hold them.
  package static func named(
    _ parameters: ParameterLayout, encoder: EncoderLayout
  ) -> [(name: String, parameter: Parameter)] {
    parameters.parameters.map {
      ($0.offset < encoder.parameters.count ? $0.name : "\(ParameterGroups.classifier).\($0.name)", $0)
    }
  }

  private static func joined(_ ranges: [Range<Int>]) -> [Range<Int>] {
    ranges.reduce(into: []) { joined, range in
      if let last = joined.last, last.upperBound == range.lowerBound {
        joined[joined.count - 1] = last.lowerBound..<range.upperBound
      } else {
        joined.append(range)
      }
    }
  }

  /// What a step of the training, counted from 0, leaves as it is.
  package func frozen(at step: Int) -> Frozen { groups.freezes(at: step - first) ? frozen : .none }

  /// The rate of a parameter at a step of the training, counted from 0; nil where it is frozen.
  package func rate(of parameter: Parameter, learningRate: Double, at step: Int) -> UpdateRate? {
    let isHeld = frozenOffsets.contains(parameter.offset)
    if isHeld, groups.freezes(at: step - first) { return nil }
    let rate = learningRate * (factors[parameter.offset] ?? 1)
    let unfrozen = isHeld ? groups.unfreeze ?? 0 : 0
    // Steps whose update was left out count as well: how many of them there were since is not known after resuming.
    guard isHeld || updatesBefore[parameter.offset] != nil else { return UpdateRate(rate) }
    return UpdateRate(rate, mostUpdates: (updatesBefore[parameter.offset] ?? first) + step - first - unfrozen + 1)
  }
}
