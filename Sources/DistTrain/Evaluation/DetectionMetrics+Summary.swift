import Foundation

extension DetectionMetrics {
  /// One line for people.
  package var summary: String {
    String(
      format: "EER %.2f %%  minDCF(0.01) %.3f  minDCF(0.05) %.3f  (%d trials, %d targets)", eer, minDCF(prior: 0.01),
      minDCF(prior: 0.05), trials, targets)
  }
}
