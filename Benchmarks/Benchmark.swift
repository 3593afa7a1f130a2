/// Something whose cost is held to bounds.
protocol Benchmark {
  /// As the command line calls it.
  static var name: String { get }
  /// One line: what it does, with sizes.
  static var summary: String { get }

  /// Prepares, measures and says what was found.
  static func run() throws -> [Measure]
}

/// All benchmarks; a new one is a file and a line here.
var benchmarks: [any Benchmark.Type] { [MetricsBenchmark.self] }
