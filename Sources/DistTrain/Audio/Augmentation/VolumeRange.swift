import Foundation

/// The range of volumes that crops are brought to.
package struct VolumeRange: Sendable {
  private let probability: Double
  private let decibels: ClosedRange<Double>

  /// - Parameters:
  ///   - probability: the probability that a crop's volume is changed.
  ///   - decibels: the bounds of the gain in dB, which is drawn uniformly.
  package init(probability: Double, decibels: ClosedRange<Double>) {
    self.probability = probability
    self.decibels = decibels
  }

  /// Draws a gain in dB; 0 leaves the crop as it is.
  func draw(_ stream: inout RandomStream) -> Double {
    stream.uniform() < probability ? stream.uniform(decibels.lowerBound, decibels.upperBound) : 0
  }

  /// The samples times 10^(decibels / 20); those that the gain takes beyond full scale are clipped, as a recorder does.
  static func amplified(_ samples: [Float], decibels: Double) -> [Float] {
    if decibels == 0 { return samples }
    let gain = Float(pow(10, decibels / 20))
    return gain > 1 ? samples.map { min(max(gain * $0, -1), 1) } : samples.map { gain * $0 }
  }
}
