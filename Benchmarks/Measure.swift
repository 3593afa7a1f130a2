import Foundation

/// A measured cost and the most it may be.
struct Measure {
  let quantity: String
  let value: Double
  let unit: String
  let bound: Double

  var isMet: Bool { value <= bound }

  /// `time 0.61 s, at most 5 s: met`.
  var line: String {
    String(format: "%@ %.3g %@, at most %g %@: %@", quantity, value, unit, bound, unit, isMet ? "met" : "not met")
  }
}
