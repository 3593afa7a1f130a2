/// How long steps and evaluations last at most at present.
struct StepPace {
  private var recent: [Double] = []
  /// Seconds that the last evaluation took; 0 before the first.
  var evaluationSeconds = 0.0

  /// The longest of the last steps, in seconds.
  var longestStep: Double { recent.max() ?? 0 }

  mutating func add(_ seconds: Double) { recent = recent.suffix(19) + [seconds] }
}
