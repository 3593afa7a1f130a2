import Foundation

/// The difference quotients of the losses across a step to either side of the parameters, and the slopes that the
/// gradients give for it.
struct SlopeMeasurement {
  let step: Double
  let slopes: [Double]
  let quotients: [Double]
}

/// Measurements at ever shorter steps, each made once. The effects of curvature and of ReLUs that change sides vanish
/// with the step; a wrong gradient is wrong at every step, until rounding hides it.
final class SlopeLadder {
  /// The slopes along the direction by each gradient.
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

  /// The first rung whose step is not longer than the given one.
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
