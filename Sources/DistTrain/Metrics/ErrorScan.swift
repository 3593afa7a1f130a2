/// Takes the error rates at ascending thresholds, and keeps where they cross and the least costs.
struct ErrorScan {
  /// The errors at one threshold.
  struct Point {
    /// The share of the targets that is rejected.
    let misses: Double
    /// The share of the non-targets that is accepted.
    let falseAlarms: Double
    /// The highest score that is rejected.
    let threshold: Float
  }

  /// The prior probabilities of a target that costs are kept for.
  let priors: [Double]
  private var costs: [Double]
  private var last = Point(misses: 0, falseAlarms: 1, threshold: -.infinity)
  private var crossing: (before: Point, after: Point)?

  /// Begins with the point that accepts all trials.
  init(priors: [Double]) {
    precondition(priors.allSatisfy { $0 > 0 && $0 < 1 }, "a prior probability is between 0 and 1")
    self.priors = priors
    costs = priors.map { 1 - $0 }
  }

  /// Adds the point of the next higher threshold.
  mutating func add(_ point: Point) {
    for (index, prior) in priors.enumerated() {
      costs[index] = min(costs[index], prior * point.misses + (1 - prior) * point.falseAlarms)
    }
    if crossing == nil, point.misses >= point.falseAlarms { crossing = (last, point) }
    last = point
  }

  /// The rate at which the rates cross, interpolated linearly between the points beside the crossing, in percent, and
  /// the threshold of the first point whose miss rate is no lower than its false alarm rate.
  /// - Precondition: all points were added, up to one that rejects all trials.
  var equalErrorRate: (percent: Double, threshold: Float) {
    guard let (before, after) = crossing else { preconditionFailure("the last point rejects all trials") }
    let gapBefore = before.misses - before.falseAlarms
    let gapAfter = after.misses - after.falseAlarms
    let share = gapAfter / (gapAfter - gapBefore)
    return (100 * (after.misses + share * (before.misses - after.misses)), after.threshold)
  }

  /// The least normalised detection cost of each of `priors`, as `DetectionMetrics.minDCF(prior:)` defines it.
  var minDCF: [Double] { zip(priors, costs).map { prior, cost in cost / min(prior, 1 - prior) } }
}
