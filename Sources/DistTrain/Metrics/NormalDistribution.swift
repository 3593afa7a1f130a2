import Foundation

/// The standard normal distribution.
package enum NormalDistribution {
  /// The probability of a value of at most x.
  package static func probability(below x: Double) -> Double { 0.5 * erfc(-x / 2.0.squareRoot()) }

  /// The value below which a share of the distribution lies, to 1e-12: bisection, since no caller needs many.
  /// - Precondition: 0 < share < 1.
  package static func quantile(_ share: Double) -> Double {
    precondition(share > 0 && share < 1, "a share between 0 and 1")
    var (low, high) = (-40.0, 40.0)
    for _ in 0..<64 {
      let middle = (low + high) / 2
      if probability(below: middle) < share { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }

  /// The quantile of Student's distribution, by the first terms of its expansion about the normal one's (Abramowitz
  /// and Stegun 26.7.5): within 0.002 for shares of 0.5 to 99.5 % and 8 degrees of freedom or more.
  package static func studentQuantile(_ share: Double, degrees: Double) -> Double {
    let x = quantile(share)
    let square = x * x
    let first = x * (square + 1) / 4
    let second = x * ((5 * square + 16) * square + 3) / 96
    let third = x * (((3 * square + 19) * square + 17) * square - 15) / 384
    return x + (first + (second + third / degrees) / degrees) / degrees
  }

  /// The probability of a value of Student's distribution that is further from 0 than x, by its finite sums for whole
  /// degrees of freedom (Abramowitz and Stegun 26.7.3 and 26.7.4).
  /// - Precondition: one degree or more.
  package static func studentProbability(beyond x: Double, degrees: Int) -> Double {
    precondition(degrees > 0, "one degree of freedom or more")
    let angle = atan(abs(x) / Double(degrees).squareRoot())
    let (sine, cosine) = (sin(angle), cos(angle))
    let isOdd = degrees % 2 == 1
    var (term, sum) = (isOdd ? cosine : 1, 0.0)
    for power in stride(from: isOdd ? 1 : 0, through: degrees - 2, by: 2) {
      sum += term
      term *= cosine * cosine * Double(power + 1) / Double(power + 2)
    }
    let within = isOdd ? 2 / Double.pi * (angle + sine * sum) : sine * sum
    return max(0, 1 - within)
  }
}
