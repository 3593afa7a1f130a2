/// The measurements of one training step. Values that do not apply, or are not a number, are NaN, which JSON has as
/// `null`.
public struct StepMetrics: Sendable {
  /// The measurements of one objective.
  public struct Objective: Sendable {
    /// The objective's name.
    public let name: String
    /// The loss over the global batch.
    public var loss = Double.nan
    /// The weight of its gradient among the objectives' weights, which add up to one.
    public var weight = Double.nan
    /// The length of its gradient.
    public var gradientNorm = Double.nan
    /// The number of rows of the batch that have a term of the objective. The log has the least of all objectives.
    public var terms = Double.nan
  }

  /// The number of the step, counted from 1.
  public var step: Int
  /// The number of the epoch, counted from 0.
  public var epoch: Int
  /// The number of the stage, counted from 1; nil in a training of one piece.
  public var stage: Int?
  /// The measurements of the objectives in their order.
  public var objectives: [Objective]
  /// The cosine between each two objectives' gradients: first and second, first and third, …, second and third, …
  public var gradientCosines: [Double]
  /// The least number of rows that have a term of an objective. With a contrastive objective, these are the rows that
  /// have a positive.
  public var anchors = Double.nan
  /// The learning rate of the step.
  public var learningRate = Double.nan
  /// The margin of the classification loss.
  public var margin = Double.nan
  /// The rows of the global batch divided by the seconds of the step.
  public var utterancesPerSecond = Double.nan
  /// The seconds that the step waited for its batch, which is loaded during the step before.
  package var loadSeconds = Double.nan
  package var forwardSeconds = Double.nan
  package var backwardSeconds = Double.nan
  /// The seconds spent in communication alone, including the wait for other ranks.
  package var communicateSeconds = Double.nan
  /// The least number of seconds of `backwardSeconds` during which sums of gradients were under way (see
  /// `GradientBuckets`).
  package var overlappedSeconds = Double.nan
  /// The seconds of the whole step.
  public var totalSeconds = Double.nan
  /// The seconds that training stood still for checkpoints since the step before. They belong to no section of the
  /// step.
  package var checkpointSeconds = Double.nan
  /// The number of updates left out so far, including this step's, because a loss or gradient was not finite.
  package var skipped = Double.nan
  /// Seconds that the run has taken for the steps of its log: all its starts until each ended, and this one until now.
  package var elapsedSeconds = Double.nan

  /// - Parameter objectives: the names of the objectives, in order.
  package init(step: Int, epoch: Int, objectives: [String] = []) {
    self.step = step
    self.epoch = epoch
    self.objectives = objectives.map { Objective(name: $0) }
    gradientCosines = Array(repeating: .nan, count: objectives.count * (objectives.count - 1) / 2)
  }

  /// The measurements of the objective with a name, which has to be one of the step's.
  public subscript(_ name: String) -> Objective {
    get { objectives[place(of: name)] }
    set { objectives[place(of: name)] = newValue }
  }

  private func place(of name: String) -> Int {
    guard let place = objectives.firstIndex(where: { $0.name == name }) else {
      preconditionFailure("no objective \(name) in \(objectives.map(\.name))")
    }
    return place
  }

  /// The weight of the first objective. Where there are two, the other's is 1 − α.
  public var alpha: Double { objectives.first?.weight ?? .nan }
}

/// The lines of `metrics.jsonl`.
extension StepMetrics: Decodable {
  private typealias Field = (name: String, path: any WritableKeyPath<StepMetrics, Double> & Sendable)

  /// The numbers that any objectives have, in the order of the log.
  private static let fields: [Field] = [
    ("anchors", \.anchors),
    ("learningRate", \.learningRate), ("margin", \.margin), ("utterancesPerSecond", \.utterancesPerSecond),
    ("loadSeconds", \.loadSeconds), ("forwardSeconds", \.forwardSeconds), ("backwardSeconds", \.backwardSeconds),
    ("communicateSeconds", \.communicateSeconds), ("overlappedSeconds", \.overlappedSeconds),
    ("totalSeconds", \.totalSeconds), ("checkpointSeconds", \.checkpointSeconds), ("skipped", \.skipped),
    ("elapsedSeconds", \.elapsedSeconds),
  ]

  private static let loss = "Loss"

  /// The names of the weights. Where there are two objectives, α stands for both weights.
  private static func weights(_ names: [String]) -> [String] {
    names.count == 2 ? ["alpha"] : names.map { "\($0)Weight" }
  }

  /// The names of the cosines between gradients, such as `centreContrastiveCosine`. Where there are two objectives,
  /// there is one cosine.
  private static func cosines(_ names: [String]) -> [String] {
    if names.count == 2 { return ["gradientCosine"] }
    return names.indices.flatMap { one in
      names[(one + 1)...].map { "\(names[one])\($0.prefix(1).uppercased())\($0.dropFirst())Cosine" }
    }
  }

  /// The losses, weights and gradient norms of the objectives, as the log names them.
  var numbersOfObjectives: [(String, Double)] {
    let names = objectives.map(\.name)
    return objectives.map { ($0.name + Self.loss, $0.loss) } + zip(Self.weights(names), objectives.map(\.weight))
      + objectives.map { ("\($0.name)GradientNorm", $0.gradientNorm) }
  }

  /// All numbers, by the names that the log has.
  package var numbers: [(name: String, value: Double)] {
    numbersOfObjectives + zip(Self.cosines(objectives.map(\.name)), gradientCosines)
      + Self.fields.map { ($0.name, self[keyPath: $0.path]) }
  }

  /// The members of a line of the log, as JSON.
  package var members: [(name: String, value: String)] {
    [("step", "\(step)")] + (stage.map { [("stage", "\($0)")] } ?? []) + [("epoch", "\(epoch)")]
      + numbers.map { ($0.name, JSONText.number($0.value)) }
  }

  /// One line of the log, without the newline.
  package var json: String { "{\(members.map { "\"\($0)\":\($1)" }.joined(separator: ","))}" }

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// Reads a line of the log. Unknown keys are ignored, so that the log of a newer svdist can be drawn. Objectives are
  /// in the order of their names.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    func number(_ name: String) throws -> Double { try values.decodeIfPresent(Double.self, forKey: Key(name)) ?? .nan }
    let names = values.allKeys.map(\.stringValue).filter { $0.hasSuffix(Self.loss) }.sorted().map {
      String($0.dropLast(Self.loss.count))
    }
    self.init(
      step: try values.decode(Int.self, forKey: Key("step")), epoch: try values.decode(Int.self, forKey: Key("epoch")),
      objectives: names)
    stage = try values.decodeIfPresent(Int.self, forKey: Key("stage"))
    let weights = try Self.weights(names).map(number)
    for (index, name) in names.enumerated() {
      objectives[index].loss = try number(name + Self.loss)
      objectives[index].weight = index < weights.count ? weights[index] : 1 - weights[0]
      objectives[index].gradientNorm = try number("\(name)GradientNorm")
    }
    gradientCosines = try Self.cosines(names).map(number)
    for field in Self.fields { self[keyPath: field.path] = try number(field.name) }
  }
}

extension StepMetrics {
  /// Takes the losses, the norms and weights of their gradients, and the least number of rows that have a term.
  mutating func add(_ losses: BatchObjectives.Losses, _ balance: GradientBalance) {
    let (shares, norms) = (balance.shares, balance.norms)
    for index in objectives.indices {
      objectives[index].loss = losses.values[index]
      objectives[index].weight = shares[index]
      objectives[index].gradientNorm = norms[index]
      objectives[index].terms = Double(losses.terms[index])
    }
    gradientCosines = balance.cosines
    anchors = Double(losses.terms.min() ?? 0)
  }

  /// Takes the time that the sections of the step have taken so far.
  /// - Parameter rows: the number of rows of the global batch.
  mutating func add(_ clock: StepClock, rows: Int) {
    loadSeconds = clock.spent(.load)
    forwardSeconds = clock.spent(.forward)
    backwardSeconds = clock.spent(.backward)
    communicateSeconds = clock.spent(.communicate)
    overlappedSeconds = clock.overlapped
    totalSeconds = clock.total
    utterancesPerSecond = Double(rows) / clock.total
  }
}
