/// What one training step measured. A number that does not apply, or is not one, is NaN and `null` in JSON.
package struct StepMetrics: Sendable {
  package var step: Int
  package var epoch: Int
  package var classificationLoss = Double.nan
  package var contrastiveLoss = Double.nan
  /// The classification gradient's weight; the contrastive one's is 1 − α.
  package var alpha = Double.nan
  package var classificationGradientNorm = Double.nan
  package var contrastiveGradientNorm = Double.nan
  /// The cosine between the two gradients.
  package var gradientCosine = Double.nan
  /// Rows that have a positive; without one the contrastive loss is left out.
  package var anchors = Double.nan
  package var learningRate = Double.nan
  package var margin = Double.nan
  package var utterancesPerSecond = Double.nan
  /// Seconds that the step waited for its batch, which is loaded beside the step before.
  package var loadSeconds = Double.nan
  package var forwardSeconds = Double.nan
  package var backwardSeconds = Double.nan
  /// Spent in communication and nothing else, waiting for other ranks included.
  package var communicateSeconds = Double.nan
  /// Seconds of `backwardSeconds` beside which sums of gradients were under way, at least (see `GradientBuckets`).
  package var overlappedSeconds = Double.nan
  package var totalSeconds = Double.nan
  /// Seconds that training stood still for checkpoints since the step before; they belong to no section of the step.
  package var checkpointSeconds = Double.nan
  /// Updates left out so far, this step's included, because a loss or gradient was not finite.
  package var skipped = Double.nan

  package init(step: Int, epoch: Int) {
    self.step = step
    self.epoch = epoch
  }

  private typealias Field = (name: String, path: any WritableKeyPath<StepMetrics, Double> & Sendable)

  /// The numbers in the order of the log.
  private static let fields: [Field] = [
    ("classificationLoss", \.classificationLoss), ("contrastiveLoss", \.contrastiveLoss), ("alpha", \.alpha),
    ("classificationGradientNorm", \.classificationGradientNorm),
    ("contrastiveGradientNorm", \.contrastiveGradientNorm), ("gradientCosine", \.gradientCosine),
    ("anchors", \.anchors),
    ("learningRate", \.learningRate), ("margin", \.margin), ("utterancesPerSecond", \.utterancesPerSecond),
    ("loadSeconds", \.loadSeconds), ("forwardSeconds", \.forwardSeconds), ("backwardSeconds", \.backwardSeconds),
    ("communicateSeconds", \.communicateSeconds), ("overlappedSeconds", \.overlappedSeconds),
    ("totalSeconds", \.totalSeconds), ("checkpointSeconds", \.checkpointSeconds), ("skipped", \.skipped),
  ]

  /// One line of the log, without its end.
  package var json: String {
    let numbers = Self.fields.map { "\"\($0.name)\":\(JSONText.number(self[keyPath: $0.path]))" }
    return "{\"step\":\(step),\"epoch\":\(epoch),\(numbers.joined(separator: ","))}"
  }
}

extension StepMetrics: Decodable {
  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// Reads a line of the log; unknown keys are passed over, so that a newer svdist's log can be drawn.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    self.init(
      step: try values.decode(Int.self, forKey: Key("step")), epoch: try values.decode(Int.self, forKey: Key("epoch")))
    for field in Self.fields {
      self[keyPath: field.path] = try values.decodeIfPresent(Double.self, forKey: Key(field.name)) ?? .nan
    }
  }
}
