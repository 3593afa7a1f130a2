import Foundation

/// The measures of how well scores tell targets from non-targets.
///
/// A trial is accepted when its score is above a threshold. Equal scores are on the same side of every threshold, so a
/// group of them moves together. wespeaker also takes rates between equal scores, in the order in which its sort leaves
/// them: its EER lies on either side of this one, within the rates of one group, and its minDCF is equal or lower.
public struct DetectionMetrics: Sendable {
  /// The equal error rate in percent: the value at which the rates of misses and of false alarms cross, interpolated
  /// linearly between the two thresholds beside the crossing (wespeaker).
  public let eer: Double
  /// The highest score that is rejected at the threshold after the crossing.
  package let eerThreshold: Float
  /// The least normalised detection costs for the prior probabilities of a target 0.01 and 0.05.
  public let minDCF: [Double: Double]
  /// The number of trials.
  public let trials: Int
  /// The number of target trials.
  public let targets: Int
  private let curve: DetectionCurve

  /// Computes the metrics of one score for each trial.
  /// - Complexity: O(n log n) time, O(n) memory.
  /// - Throws: `Failure(.badData)` when there are no trials, all are of one kind, or a score is not finite.
  public init(scores: [Float], targets: [Bool]) throws {
    curve = try DetectionCurve(scores: scores, targets: targets)
    trials = scores.count
    self.targets = curve.targets
    let scan = curve.scan(priors: [0.01, 0.05])
    (eer, eerThreshold) = scan.equalErrorRate
    minDCF = Dictionary(uniqueKeysWithValues: zip(scan.priors, scan.minDCF))
  }

  /// The least of p · Pmiss + (1 − p) · Pfa over all thresholds, divided by min(p, 1 − p), which is the cost of a
  /// system that accepts all trials or none. A miss and a false alarm cost 1 each.
  public func minDCF(prior: Double) -> Double { minDCF[prior] ?? curve.scan(priors: [prior]).minDCF[0] }

  /// The metrics as JSON: `{"eer":…,"minDCF":{"0.01":…,"0.05":…},"trials":…,"targets":…}`.
  package var json: String { json(behind: []) }

  /// The metrics as JSON behind further members, whose values are JSON.
  package func json(behind first: [(name: String, value: String)]) -> String {
    "{\((first + members).map { "\"\($0.name)\":\($0.value)" }.joined(separator: ","))}"
  }

  /// The members of `json`, with their values as JSON.
  package var members: [(name: String, value: String)] {
    let costs = minDCF.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\(JSONText.number($0.value))" }
    return [
      ("eer", JSONText.number(eer)), ("minDCF", "{\(costs.joined(separator: ","))}"), ("trials", "\(trials)"),
      ("targets", "\(targets)"),
    ]
  }
}

extension DetectionMetrics {
  /// The metrics in one line for people.
  public var summary: String {
    String(
      format: "EER %.2f %%  minDCF(0.01) %.3f  minDCF(0.05) %.3f  (%d trials, %d targets)", eer, minDCF(prior: 0.01),
      minDCF(prior: 0.05), trials, targets)
  }
}
