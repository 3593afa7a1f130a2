extension Configuration {
  /// A stage of a training: a value for each setting that may change from one stage to the next.
  package struct Stage: Codable, Sendable, Equatable {
    private let crop: Crop
    private let batch: Batch
    private let views: Views
    private let augmentation: Augmentation
    private let classification: Classification
    private let contrastive: Contrastive
    private let weighting: Weighting
    private let optimizer: Optimizer
    private let schedule: Schedule
    /// The number of steps of the stage.
    package let steps: Int
    private let frozen: [ParameterPart]
    private let learningRates: LearningRateFactors
    private let precision: Precision

    /// The settings of a configuration that may change.
    init(_ configuration: Configuration) {
      crop = configuration.crop
      batch = configuration.batch
      views = configuration.views
      augmentation = configuration.augmentation
      classification = configuration.classification
      contrastive = configuration.contrastive
      weighting = configuration.weighting
      optimizer = configuration.optimizer
      schedule = configuration.schedule
      let training = configuration.training
      (steps, frozen) = (training.steps, training.frozen)
      (learningRates, precision) = (training.learningRates, training.precision)
    }

    /// The whole configuration of the stage.
    /// - Parameter common: the configuration whose settings all stages share.
    fileprivate func configuration(_ common: Configuration) -> Configuration {
      var whole = common
      whole.stages = []
      (whole.crop, whole.batch, whole.views, whole.augmentation) = (crop, batch, views, augmentation)
      (whole.classification, whole.contrastive) = (classification, contrastive)
      (whole.weighting, whole.optimizer, whole.schedule) = (weighting, optimizer, schedule)
      (whole.training.steps, whole.training.frozen) = (steps, frozen)
      (whole.training.learningRates, whole.training.precision) = (learningRates, precision)
      whole.classification.subcenters = common.classification.subcenters
      whole.classification.sharded = common.classification.sharded
      whole.optimizer.type = common.optimizer.type
      return whole
    }
  }

  /// A bound far beyond use.
  static let mostStages = 100

  /// The configurations of the stages in their order. Without stages this configuration is the only one.
  package var ofStages: [Configuration] { stages.isEmpty ? [self] : stages.map { $0.configuration(self) } }

  /// The configuration of the first stage.
  package var ofFirstStage: Configuration { ofStages[0] }

  /// The number of steps of the whole run.
  package var steps: Int { stages.isEmpty ? training.steps : stages.reduce(0) { $0 + $1.steps } }

  /// Whether a setting may change from one stage to the next.
  static func mayChange(_ key: String) -> Bool {
    let groups = [
      "crop.", "batch.", "views.", "augmentation.", "classification.", "contrastive.", "weighting.", "optimizer.",
      "schedule.",
    ]
    let constant = ["classification.subcenters", "classification.sharded", "optimizer.type"]
    let single = ["training.steps", "training.frozen", "training.learningRates", "training.precision"]
    return single.contains(key) || groups.contains { key.hasPrefix($0) } && !constant.contains(key)
  }

  /// The settings that may change from one stage to the next.
  var changeableSettings: [Setting] { settings.filter { Self.mayChange($0.key) } }

  /// Gives each stage's configuration, and puts the stage in front of a failure that is thrown for it.
  package func forEachStage(_ body: (Configuration) throws -> Void) throws {
    for (index, stage) in ofStages.enumerated() {
      do {
        try body(stage)
      } catch let failure as Failure where !stages.isEmpty {
        throw Failure(failure.kind, "\(StagePlace(index: index)): \(failure.message)")
      }
    }
  }
}

/// A stage in a key, which counts from 0: `stages[1].crop.seconds`.
struct StagePlace: CustomStringConvertible {
  static let key = "stages"
  let index: Int

  init(index: Int) {
    self.index = index
  }

  /// The stage that a key begins with, and the rest of the key; nil where it does not begin with one.
  static func parse(_ key: String) -> (place: StagePlace, rest: String)? {
    guard key.hasPrefix("\(Self.key)["), let end = key.firstIndex(of: "]") else { return nil }
    let digits = key[..<end].dropFirst(Self.key.count + 1)
    let rest = key[end...].dropFirst()
    guard let index = Int(digits), index >= 0, digits.allSatisfy(\.isNumber), rest.isEmpty || rest.hasPrefix(".") else {
      return nil
    }
    return (StagePlace(index: index), String(rest.dropFirst()))
  }

  /// The key of a setting of the stage; of the stage itself for an empty one.
  func key(_ key: String) -> String { key.isEmpty ? "\(self)" : "\(self).\(key)" }

  var description: String { "\(Self.key)[\(index)]" }
}
