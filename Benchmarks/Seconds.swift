/// Measured times, in seconds.
enum Seconds {
  /// The seconds that `body` takes.
  static func of(_ body: () throws -> Void) rethrows -> Double {
    try ContinuousClock().measure(body) / .seconds(1)
  }

  /// The median of one call of `body` over `rounds` measurements of `calls` calls, after one that does not count.
  static func median(rounds: Int, calls: Int = 1, _ body: () throws -> Void) rethrows -> Double {
    try body()
    return median(
      try (0..<rounds).map { _ in
        try of { for _ in 0..<calls { try body() } } / Double(calls)
      })
  }

  /// The median of an odd number of values, the mean of the middle two of an even number.
  static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }
}
