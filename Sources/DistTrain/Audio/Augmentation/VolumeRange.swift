import Foundation

/// Volumes that crops are brought to.
package struct VolumeRange: Sendable {
  private let probability: Double
  private let decibels: ClosedRange<Double>

  /// - Parameter decibels: bounds of the gain, which is drawn evenly.
  package init(probability: Double, decibels: ClosedRange<Double>) {
    self.probability = probability
    self.decibels = decibels
  }

  func draw(_ stream: inout RandomStream) -> Double {
    stream.uniform() < probability ? stream.uniform(decibels.lowerBound, decibels.upperBound) : 0
  }

  /// Times 10^(decibels / 20); what goes beyond full scale by it is cut off there, as a recorder does.
  static func amplified(_ samples: [Float], decibels: Double) -> [Float] {
    if decibels == 0 { return samples }
    let gain = Float(pow(10, decibels / 20))
    return gain > 1 ? samples.map { min(max(gain * $0, -1), 1) } : samples.map { gain * $0 }
  }
}
