import Foundation

/// The logarithmic cost of log-likelihood ratios.
enum LogisticCost {
  /// ln(1 + eˣ), for any x.
  static func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }

  /// Cllr in bits, of the mean costs in nats of targets and of non-targets.
  static func bits(_ targets: Double, _ nonTargets: Double) -> Double { (targets + nonTargets) / (2 * M_LN2) }
}
