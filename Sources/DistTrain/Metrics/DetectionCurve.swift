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
    try Self.check(scores, isTarget)
    var targetScores: [Float] = []
    var nonTargetScores: [Float] = []
    for (score, isTarget) in zip(scores, isTarget) {
      if isTarget { targetScores.append(score) } else { nonTargetScores.append(score) }
    }
    targetScores.sort()
    nonTargetScores.sort()
    targets = targetScores.count
    nonTargets = nonTargetScores.count
    points = Self.merge(targetScores, nonTargetScores)
  }

  /// - Throws: `Failure(.badData)` when there are no trials, all are of one kind, or a score is not finite.
  static func check(_ scores: [Float], _ isTarget: [Bool]) throws {
    guard !scores.isEmpty else { throw Failure(.badData, "there are no trials to evaluate") }
    if let bad = scores.firstIndex(where: { !$0.isFinite }) {
      throw Failure(.badData, "the score of trial \(bad + 1) is \(scores[bad]): an embedding is broken")
    }
    guard isTarget.contains(true) else {
      throw Failure(.badData, "all \(scores.count) trials are non-targets; error rates need both kinds")
    }
    guard isTarget.contains(false) else {
      throw Failure(.badData, "all \(scores.count) trials are targets; error rates need both kinds")
    }
    guard scores.count <= Int(Int32.max) else { throw Failure(.badData, "\(scores.count) trials are too many") }
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

  /// The error rates of all points, with the costs for some priors.
  func scan(priors: [Double]) -> ErrorScan {
    var scan = ErrorScan(priors: priors)
    // The scan begins with the first point by itself.
    for point in points.dropFirst() {
      scan.add(
        ErrorScan.Point(
          misses: Double(point.misses) / Double(targets), falseAlarms: Double(point.falseAlarms) / Double(nonTargets),
          threshold: point.threshold))
    }
    return scan
  }

  /// The equal error rate in percent, and the threshold of the first point where the miss rate is no lower than the
  /// false alarm rate.
  func equalErrorRate() -> (percent: Double, threshold: Float) { scan(priors: []).equalErrorRate }
}
