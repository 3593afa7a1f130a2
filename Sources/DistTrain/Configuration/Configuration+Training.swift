import Yams

extension Configuration {
  /// The length of the run, its start and what of it is trained, its precision, the average of its encoder, and the
  /// treatment of numbers that are not finite.
  package struct Training: Codable, Sendable, Equatable {
    package var steps = 2000
    package var from: String?
    package var fromClassifier = StartingClassifier.drawn
    package var frozen: [ParameterPart] = []
    package var learningRates = LearningRateFactors()
    package var precision = Precision.single
    package var average = Average()
    package var nonFinite = NonFinitePolicy.stop
    package var nonFiniteLimit = 10
    package var tensorboard = false

    package init() {}

    static let settings = [
      Setting(
        "training.steps", \.training.steps, "steps of the whole run; schedules stretch over them",
        allowed: .steps(from: 1)),
      Setting("training.from", \.training.from, "run folder or model file of the encoder to start from"),
      Setting(
        "training.fromClassifier", \.training.fromClassifier,
        "prototypes at the start: drawn, or kept by speakers' names"),
      Setting(
        "training.frozen", \.training.frozen,
        "parts that stay as they are, by the first words of their tensors' names"),
      Setting(
        "training.learningRates", \.training.learningRates,
        "factors of the learning rate by part, such as {layer1: 0.1}",
        allowed: Allowed(text: "above 0, at most 1000") { $0.values.values.allSatisfy { $0 > 0 && $0 <= 1000 } }),
      Setting(
        "training.precision", \.training.precision,
        "precision of the encoder's products; all else is fp32"),
      Setting(
        "training.average.decay", \.training.average.decay,
        "share of the encoder's moving average that a step keeps",
        allowed: .from(0, below: 1)),
      Setting(
        "training.average.from", \.training.average.from, "steps after which it begins, as a copy",
        allowed: .steps(from: 0)),
      Setting(
        "training.nonFinite", \.training.nonFinite,
        "if numbers are not finite: end, drop the update, go back",
        changesResult: false),
      Setting(
        "training.nonFiniteLimit", \.training.nonFiniteLimit,
        "updates dropped in a row, or rollbacks, before the end", allowed: .from(0, to: 1_000_000), changesResult: false
      ),
      Setting(
        "training.tensorboard", \.training.tensorboard, "write files for TensorBoard into the run folder",
        changesResult: false),
    ]
  }
}
extension Precision: Choice {}

extension Configuration.Training {
  /// The moving average of the encoder over the steps; there is none where the decay is null.
  package struct Average: Codable, Sendable, Equatable {
    package var decay: Double?
    package var from = 0

    package init() {}
  }
}

extension Configuration {
  /// The reaction of training to a loss or gradient that is not finite.
  package enum NonFinitePolicy: String, Choice {
    /// Training ends.
    case stop
    /// The update is left out.
    case skip
    /// Training goes back to the last checkpoint, and on from there with other crops.
    case rollback
  }

  /// The classifier that a training with `training.from` starts with.
  package enum StartingClassifier: String, Choice {
    /// All prototypes are drawn.
    case drawn
    /// Speakers of the same names keep the prototypes that they have there.
    case kept
  }

  /// A part of the encoder, or the classifier, by the beginning of its tensors' names.
  package struct ParameterPart: SettingValue, Codable, Equatable {
    package let name: String

    static let expectation = "the beginning of a parameter's name"

    static func read(_ node: Node) -> Self? { String.read(node).map(Self.init) }

    var yaml: String { name.yaml }
  }

  /// Factors of the learning rate by part.
  package struct LearningRateFactors: SettingValue, Codable, Equatable {
    package var values: [String: Double] = [:]

    static let expectation = "a group of factors by part, such as {layer1: 0.1}"

    static func read(_ node: Node) -> Self? {
      guard let mapping = node.mapping else { return nil }
      let pairs = mapping.compactMap { key, value in
        String.read(key).flatMap { part in Double.read(value).map { (part, $0) } }
      }
      guard pairs.count == mapping.count else { return nil }
      return Self(values: Dictionary(pairs) { first, _ in first })
    }

    var yaml: String {
      let parts = values.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      return "{\(parts.map { "\($0.key.yaml): \($0.value.yaml)" }.joined(separator: ", "))}"
    }
  }
}
