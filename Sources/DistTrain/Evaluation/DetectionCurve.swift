/// The misses and false alarms at every threshold, from one that accepts all trials to one that rejects all.
struct DetectionCurve: Sendable {
  struct Point: Sendable, Equatable {
    /// The number of targets at or below the threshold.
    let misses: Int32
    /// The number of non-targets above the threshold.
    let falseAlarms: Int32
    /// The highest score that is rejected.
    let threshold: Float
  }

  let targets: Int
  let nonTargets: Int
  /// The points in ascending order of thresholds: one that accepts all trials, then one for each distinct score.
  let points: [Point]

  /// Sorts the scores and counts the errors at each of them.
  /// - Throws: `Failure(.badData)` when there are no trials, all are of one kind, or a score is not finite.
  init(scores: [Float], targets isTarget: [Bool]) throws {
    precondition(scores.count == isTarget.count, "\(scores.count) scores for \(isTarget.count) trials")
    guard !scores.isEmpty else { throw Failure(.badData, "there are no trials to evaluate") }
    if let bad = scores.firstIndex(where: { !$0.isFinite }) {
      throw Failure(.badData, "the score of trial \(bad + 1) is \(scores[bad]): an embedding is broken")
    }
    var targetScores: [Float] = []
    var nonTargetScores: [Float] = []
    for (score, isTarget) in zip(scores, isTarget) {
      if isTarget { targetScores.append(score) } else { nonTargetScores.append(score) }
    }
    guard !targetScores.isEmpty else {
      throw Failure(.badData, "all \(scores.count) trials are non-targets; error rates need both kinds")
    }
    guard !nonTargetScores.isEmpty else {
      throw Failure(.badData, "all \(scores.count) trials are targets; error rates need both kinds")
    }
    guard scores.count <= Int(Int32.max) else { throw Failure(.badData, "\(scores.count) trials are too many") }
    targetScores.sort()
    nonTargetScores.sort()
    targets = targetScores.count
    nonTargets = nonTargetScores.count
    points = Self.merge(targetScores, nonTargetScores)
  }

  private static func merge(_ targets: [Float], _ nonTargets: [Float]) -> [Point] {
    var points = [Point(misses: 0, falseAlarms: Int32(nonTargets.count), threshold: -.infinity)]
    var rejectedTargets = 0
    var rejectedNonTargets = 0
    while rejectedTargets < targets.count || rejectedNonTargets < nonTargets.count {
      let threshold = min(
        rejectedTargets < targets.count ? targets[rejectedTargets] : .infinity,
        rejectedNonTargets < nonTargets.count ? nonTargets[rejectedNonTargets] : .infinity)
      while rejectedTargets < targets.count, targets[rejectedTargets] == threshold { rejectedTargets += 1 }
      while rejectedNonTargets < nonTargets.count, nonTargets[rejectedNonTargets] == threshold {
        rejectedNonTargets += 1
      }
      points.append(
        Point(
          misses: Int32(rejectedTargets), falseAlarms: Int32(nonTargets.count - rejectedNonTargets),
          threshold: threshold))
    }
    return points
  }

  private func missRate(_ point: Point) -> Double { Double(point.misses) / Double(targets) }
  private func falseAlarmRate(_ point: Point) -> Double { Double(point.falseAlarms) / Double(nonTargets) }

  /// The equal error rate in percent, and the threshold of the first point where the miss rate is no lower than the
  /// false alarm rate.
  func equalErrorRate() -> (percent: Double, threshold: Float) {
    // The first point has no misses and all false alarms, and the last one the reverse: the rates cross after the first
    // point.
    let crossing = points.firstIndex { missRate($0) >= falseAlarmRate($0) }!
    let (before, after) = (points[crossing - 1], points[crossing])
    let gapBefore = missRate(before) - falseAlarmRate(before)
    let gapAfter = missRate(after) - falseAlarmRate(after)
    let share = gapAfter / (gapAfter - gapBefore)
    let rate = missRate(after) + share * (missRate(before) - missRate(after))
    return (100 * rate, after.threshold)
  }

  /// The least normalised detection cost for a prior probability of targets, as `DetectionMetrics.minDCF(prior:)`
  /// defines it.
  func minDCF(prior: Double) -> Double {
    precondition(prior > 0 && prior < 1, "a prior probability is between 0 and 1")
    let cost = points.map { prior * missRate($0) + (1 - prior) * falseAlarmRate($0) }.min()!
    return cost / min(prior, 1 - prior)
  }
}
