/// Trials in ascending order of their scores, from which figures follow for any weights of the trials.
package struct RankedTrials: Sendable {
  /// The scores, ascending.
  let scores: [Float]
  /// Whether each trial is a target.
  let isTarget: [Bool]
  /// The number of each trial in the list, from 0.
  package let positions: [Int32]

  /// The number of target trials.
  package var targets: Int { isTarget.count(where: \.self) }

  /// Sorts trials; those of equal scores stay in the order of the list.
  /// - Throws: `Failure(.badData)` when there are no trials, all are of one kind, or a score is not finite.
  package init(scores: [Float], targets: [Bool]) throws {
    precondition(scores.count == targets.count, "\(scores.count) scores for \(targets.count) trials")
    try DetectionCurve.check(scores, targets)
    // A number whose order is that of the scores, then of the list: negative numbers have descending bits.
    let keys = scores.enumerated().map { index, score in
      let bits = (score + 0).bitPattern
      let ascending = bits >> 31 == 0 ? bits | 1 << 31 : ~bits
      return UInt64(ascending) << 32 | UInt64(index)
    }
    positions = keys.sorted().map { Int32(truncatingIfNeeded: $0 & 0xFFFF_FFFF) }
    self.scores = positions.map { scores[Int($0)] }
    isTarget = positions.map { targets[Int($0)] }
  }
}

/// How much each of ranked trials counts.
package protocol TrialWeights: Sendable {
  /// The weight of a trial by its place among the ranked ones, a whole number of 0 or more.
  func weight(_ rank: Int) -> Double
}

/// Every trial counts once.
struct EqualWeights: TrialWeights {
  @inline(__always) func weight(_ rank: Int) -> Double { 1 }
}
