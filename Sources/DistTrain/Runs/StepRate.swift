import Foundation

/// The usual time of a step: a mean of the recent ones, in which a single late step counts little.
struct StepRate: Sendable {
  private var mean = 0.0
  private var steps = 0

  /// The weight of the newest step once there are many.
  private static let weight = 0.05

  /// The usual seconds of a step; nil before the first one.
  var secondsPerStep: Double? { steps == 0 ? nil : mean }

  mutating func add(seconds: Double) {
    guard seconds.isFinite, seconds >= 0 else { return }
    steps += 1
    // The plain mean comes first, so that the beginning counts no more than the rest.
    mean += (seconds - mean) * max(Self.weight, 1 / Double(steps))
  }
}

/// The most time that a step takes at present.
struct StepPace {
  private var recent: [Double] = []

  /// The longest of the last 20 steps, in seconds.
  var longestStep: Double { recent.max() ?? 0 }

  mutating func add(_ seconds: Double) { recent = recent.suffix(19) + [seconds] }
}
