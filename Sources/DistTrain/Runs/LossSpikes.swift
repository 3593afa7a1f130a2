import Foundation

/// Watches a run's losses for sudden rises, which are a sign of too high a learning rate or of broken data before
/// numbers overflow.
package final class LossSpikes {
  /// The number of steps that a loss is compared with.
  private static let window = 50
  /// The number of steps before anything is reported.
  private static let least = 20
  /// The number of standard deviations above the mean at which a loss is a spike.
  private static let deviations = 6.0
  /// The least ratio of a spike to the mean, which prevents reports where losses hardly vary.
  private static let ratio = 1.5
  /// The least loss that is a spike: with a lower one a run has converged, wherever its mean is.
  private static let floor = 0.05

  /// The last losses of each objective, by its name.
  private var recent: [String: [Double]] = [:]
  /// The stage that these losses are of: another one has other crops and margins.
  private var stage: Int?

  package init() {}

  /// Takes a step's losses.
  /// - Returns: a description of what is wrong with them; nil if nothing is.
  package func add(_ metrics: StepMetrics) -> String? {
    if metrics.stage != stage { (recent, stage) = ([:], metrics.stage) }
    var findings: [String] = []
    for (name, loss) in metrics.objectives.map({ ($0.name, $0.loss) }) where loss.isFinite {
      let before = recent[name, default: []]
      if before.count >= Self.least, let mean = Self.spike(loss, before) {
        findings.append(
          "the \(name) loss \(Self.rounded(loss)) is far above the mean of the \(before.count.counted("step")) before, "
            + Self.rounded(mean))
      }
      recent[name] = before.suffix(Self.window - 1) + [loss]
    }
    return findings.isEmpty ? nil : findings.joined(separator: "; ")
  }

  /// The mean of the losses before if a loss is a spike above it; otherwise nil.
  private static func spike(_ loss: Double, _ before: [Double]) -> Double? {
    let count = Double(before.count)
    let mean = before.reduce(0, +) / count
    let variance = before.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
    return loss > mean + deviations * variance.squareRoot() && loss > ratio * mean && loss >= floor ? mean : nil
  }

  /// Three significant digits.
  private static func rounded(_ value: Double) -> String { String(format: "%.3g", value) }
}

extension LossSpikes: StepObserver {
  package func took(_ step: StepReport, note: (String) -> Void) {
    if let spike = add(step.metrics) { note("warning: step \(step.metrics.step): \(spike)") }
  }
}
