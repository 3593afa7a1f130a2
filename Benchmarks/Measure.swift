import Foundation

/// A measured number and, where there is one, the bound it is held to.
struct Measure {
  enum Bound {
    case atMost(Double)
    case atLeast(Double)
    case within(ClosedRange<Double>)
  }

  /// The quantity, which is also the key in JSON.
  let quantity: String
  let value: Double
  let unit: String
  var bound: Bound?

  var isMet: Bool {
    switch bound {
    case .atMost(let most): value <= most
    case .atLeast(let least): value >= least
    case .within(let range): range.contains(value)
    case nil: true
    }
  }

  /// `time 0.61 s, at most 5 s: met`.
  var line: String {
    let number = String(format: "%@ %.4g %@", quantity, value, unit)
    let verdict = isMet ? "met" : "not met"
    switch bound {
    case .atMost(let most): return number + String(format: ", at most %g %@: %@", most, unit, verdict)
    case .atLeast(let least): return number + String(format: ", at least %g %@: %@", least, unit, verdict)
    case .within(let range):
      return number + String(format: ", %g to %g %@: %@", range.lowerBound, range.upperBound, unit, verdict)
    case nil: return number
    }
  }
}
