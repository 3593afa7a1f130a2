import DistTrain
import Foundation
import Testing

/// Derivatives of a function of floats by central differences at two step lengths, extrapolated to none (Richardson
/// 1911): where the function is smooth, the error falls with the fourth power of the step.
enum CentralDifferences {
  struct Derivative {
    let value: Double
    /// The distance between the two step lengths' results: large where the function has a kink within the step.
    let spread: Double
  }

  /// - Parameters:
  ///   - values: what the function depends on; changed and put back.
  ///   - places: the elements to differentiate by.
  static func derivatives(
    by values: UnsafeMutablePointer<Float>, at places: [Int], step: Float, _ function: () -> Double
  ) -> [Derivative] {
    places.map { place in
      let value = values[place]
      func slope(_ step: Float) -> Double {
        let (above, below) = (value + step, value - step)
        values[place] = above
        let high = function()
        values[place] = below
        let low = function()
        values[place] = value
        // What single precision made of the step counts.
        return (high - low) / (Double(above) - Double(below))
      }
      let (long, short) = (slope(step), slope(step / 2))
      return Derivative(value: (4 * short - long) / 3, spread: abs(short - long))
    }
  }

  /// Some of the first `count` places, in random order, all where there are few.
  static func places(of count: Int, atMost limit: Int, seed: Int) -> [Int] {
    var stream = RandomStream(seed: 12, purpose: .test, item: seed)
    return Array(stream.shuffled(0..<count).prefix(limit))
  }
}

/// Holds gradients against central differences of the function they belong to: ‖a − n‖ ≤ tolerance · ‖n‖ + floor ·
/// √count.
///
/// The floor stands for what rounding of the function's value leaves of a derivative that is zero. Elements with a kink
/// within the step (a ReLU that changes sides) have no difference to compare with; they may be a quarter of all.
///
/// - Parameter range: the elements of `values` that the gradient is of; nil for all.
func expectGradient(
  _ gradient: some Collection<Float>, of name: String, by values: Matrix, _ range: Range<Int>? = nil, step: Float,
  within tolerance: Double, floor: Double = 1e-4, atMost limit: Int = 40,
  sourceLocation: SourceLocation = #_sourceLocation, _ function: () -> Double
) {
  let gradient = Array(gradient)
  let places = CentralDifferences.places(of: gradient.count, atMost: limit, seed: gradient.count)
  let numeric = withExtendedLifetime(values) {
    CentralDifferences.derivatives(
      by: values.pointer + (range?.lowerBound ?? 0), at: places, step: step, function)
  }
  let scale = numeric.map { abs($0.value) }.reduce(0, +) / Double(numeric.count)
  let pairs = zip(places, numeric).filter { $0.1.spread <= 0.05 * max(scale, abs($0.1.value)) + floor }
  let difference = pairs.reduce(0.0) { $0 + pow(Double(gradient[$1.0]) - $1.1.value, 2) }.squareRoot()
  let length = pairs.reduce(0.0) { $0 + $1.1.value * $1.1.value }.squareRoot()
  #expect(
    4 * pairs.count >= 3 * places.count, "\(name): \(places.count - pairs.count) of \(places.count) have a kink",
    sourceLocation: sourceLocation)
  #expect(
    difference <= tolerance * length + floor * Double(places.count).squareRoot(),
    "\(name): differs by \(difference) at a length of \(length)", sourceLocation: sourceLocation)
}
