/// The named tensors of one flat buffer, in order.
public struct ParameterLayout: Sendable {
  /// The tensors in the order of the buffer.
  public private(set) var parameters: [Parameter] = []
  /// The number of elements of all tensors.
  public private(set) var count = 0

  /// A layout without tensors.
  public init() {}

  package mutating func add(
    _ name: String, shape: [Int], initialisation: Parameter.Initialisation, decays: Bool,
    stretch: Parameter.Stretch? = nil
  ) -> Parameter {
    precondition(!parameters.contains { $0.name == name }, "two parameters named \(name)")
    let parameter = Parameter(
      name: name, shape: shape, offset: count, initialisation: initialisation, decays: decays, stretch: stretch)
    parameters.append(parameter)
    count += parameter.count
    return parameter
  }

  /// The offsets at which the encoder's blocks begin. A block is what shares the first word of its names and the
  /// numbers behind it, as `layer3.5` of `layer3.5.conv1.weight`.
  package var blocks: [Int] {
    let names = parameters.map(\.block)
    return parameters.indices.filter { $0 == 0 || names[$0] != names[$0 - 1] }.map { parameters[$0].offset }
  }

  /// The layout of a stretch of rows of each tensor, which are equally many in all of them.
  package func stretch(_ rows: Range<Int>) -> ParameterLayout {
    var layout = ParameterLayout()
    for one in parameters {
      _ = layout.add(
        one.name, shape: [rows.count] + one.shape.dropFirst(), initialisation: one.initialisation, decays: one.decays,
        stretch: Parameter.Stretch(first: rows.lowerBound, of: one.shape[0]))
    }
    return layout
  }

  /// The number of elements of all tensors, those whole of which there is a stretch here.
  package var wholeCount: Int { parameters.reduce(0) { $0 + $1.wholeShape.reduce(1, *) } }

  /// Writes the initial values. Each parameter has a random stream of its own under the seed, and a stretch has the
  /// values that it has in the whole.
  package func initialise(_ values: UnsafeMutablePointer<Float>, seed: UInt64) {
    for (index, parameter) in parameters.enumerated() {
      let start = values + parameter.offset
      var stream = RandomStream(seed: seed, purpose: .initialisation, item: index)
      switch parameter.initialisation {
      case .constant(let value): start.update(repeating: value, count: parameter.count)
      case .uniform(let bound):
        stream.skip(parameter.wholeOffset)
        for element in 0..<parameter.count {
          start[element] = Float(stream.uniform(Double(-bound), Double(bound)))
        }
      case .normal(let deviation):
        for _ in 0..<parameter.wholeOffset { _ = stream.normal() }
        for element in 0..<parameter.count { start[element] = Float(Double(deviation) * stream.normal()) }
      }
    }
  }
}

/// The tensors that an encoder keeps between steps: trained parameters and running statistics.
public struct EncoderLayout: Sendable {
  /// The tensors that training changes.
  public private(set) var parameters = ParameterLayout()
  /// The means and variances that inference uses, which have no gradient.
  package private(set) var statistics = ParameterLayout()
  /// The beginning of the names of what is added, which ends with a dot; empty outside of every scope.
  private var scope = ""

  /// A layout without tensors.
  public init() {}

  /// Lays out under a name: within `scope("layer1")`, the parameter `weight` becomes `layer1.weight`, and a scope
  /// `conv` becomes `layer1.conv`.
  public mutating func scope<Result>(_ name: String, _ body: (inout EncoderLayout) -> Result) -> Result {
    let outer = scope
    scope += name + "."
    defer { scope = outer }
    return body(&self)
  }

  package mutating func parameter(
    _ name: String, shape: [Int], initialisation: Parameter.Initialisation, decays: Bool
  ) -> Parameter {
    parameters.add(scope + name, shape: shape, initialisation: initialisation, decays: decays)
  }

  package mutating func statistic(
    _ name: String, shape: [Int], initialisation: Parameter.Initialisation
  ) -> Parameter {
    statistics.add(scope + name, shape: shape, initialisation: initialisation, decays: false)
  }
}

/// A named tensor in a flat buffer.
public struct Parameter: Sendable, Equatable {
  /// The initial values of a parameter.
  package enum Initialisation: Sendable, Equatable {
    case constant(Float)
    /// Values drawn uniformly from ± bound.
    case uniform(bound: Float)
    /// Values drawn from the normal distribution around 0.
    case normal(deviation: Float)
  }

  /// Rows of a tensor of which other holders have the others.
  package struct Stretch: Sendable, Equatable {
    /// The number of the tensor's rows before them.
    package let first: Int
    /// The number of the tensor's rows.
    package let of: Int
  }

  /// The full name, with all scopes.
  public let name: String
  /// The extents of the tensor, in row-major order.
  public let shape: [Int]
  /// The index of the first element in the flat buffer.
  package let offset: Int
  package let initialisation: Initialisation
  /// Whether weight decay applies, which spares biases and normalisation (Goyal et al. 2017, section 5.1).
  package let decays: Bool
  /// The rows that these are of a tensor; nil where they are all of it.
  package let stretch: Stretch?

  /// The extents of the tensor that this is, or is a stretch of.
  package var wholeShape: [Int] { stretch.map { [$0.of] + shape.dropFirst() } ?? shape }
  /// The number of elements of that tensor before the first of these.
  package var wholeOffset: Int { stretch.map { $0.first * shape.dropFirst().reduce(1, *) } ?? 0 }
  /// The number of elements.
  public var count: Int { shape.reduce(1, *) }
  /// The places of the elements in the flat buffer.
  public var range: Range<Int> { offset..<offset + count }

  /// The first word of the name and the numbers behind it.
  var block: [Substring] {
    let words = name.split(separator: ".", omittingEmptySubsequences: false)
    return words.prefix(1) + words.dropFirst().prefix { Int($0) != nil }
  }

  /// The tensor in a flat buffer, as a matrix whose rows are its first dimension.
  func matrix(in buffer: Matrix) -> MatrixView {
    MatrixView(buffer.pointer + offset, rows: shape[0], columns: count / shape[0])
  }
}
