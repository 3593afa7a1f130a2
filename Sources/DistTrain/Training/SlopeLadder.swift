import Foundation

/// The losses' quotients on both sides of the parameters, and what the gradients make of the way between.
struct SlopeMeasurement {
  let step: Double
  let slopes: [Double]
  let quotients: [Double]
}

/// Measurements by falling step, each made once. What bends the loss, curvature and ReLUs that change sides, goes away
/// with the step; a wrong gradient is wrong at every step, until rounding hides it.
final class SlopeLadder {
  /// By the gradients.
  let slopes: [Double]
  private let longest: Double
  private let measure: (Double) -> SlopeMeasurement
  private var taken: [Int: SlopeMeasurement] = [:]
  private let ratio = 4.0

  init(longest: Double, slopes: [Double], measure: @escaping (Double) -> SlopeMeasurement) {
    self.longest = longest
    self.slopes = slopes
    self.measure = measure
  }

  /// The first that is no longer than a step.
  func rung(step: Double) -> Int {
    let down = (log(longest / step) / log(ratio)).rounded(.up)
    return down.isFinite ? Int(min(max(down, 0), 8)) : 0
  }

  func measurement(_ rung: Int) -> SlopeMeasurement {
    if let known = taken[rung] { return known }
    let new = measure(longest / pow(ratio, Double(rung)))
    taken[rung] = new
    return new
  }
}
