import Foundation

/// The monotonous map from scores to log-likelihood ratios with the least Cllr on given trials: isotonic regression by
/// pooling adjacent violators (Ayer et al. 1955; Brümmer and du Preez 2006). What it maps to is the best that any
/// calibration could do on these trials, not a calibration for others.
package struct IsotonicCalibration: Sendable {
  /// Neighbouring scores with one log-likelihood ratio.
  package struct Pool: Sendable, Equatable {
    /// The weights of the trials in it.
    package let targets: Double
    package let nonTargets: Double
    /// Its lowest and highest score.
    package let scores: ClosedRange<Float>

    /// The share of targets.
    package var share: Double { targets / (targets + nonTargets) }

    /// The log-likelihood ratio of its scores, given the weights of all targets and non-targets; infinite where the pool
    /// has one kind alone.
    package func logRatio(of allTargets: Double, _ allNonTargets: Double) -> Double {
      log(targets * allNonTargets / (nonTargets * allTargets))
    }
  }

  /// Pools of ascending shares of targets, which scores are added to in ascending order.
  struct Pools {
    private(set) var pools: [Pool] = []

    /// Adds the trials of the next higher score.
    mutating func add(targets: Double, nonTargets: Double, score: Float) {
      var pool = Pool(targets: targets, nonTargets: nonTargets, scores: score...score)
      // Compared across, since whole numbers of trials have exact products up to 2⁵³.
      while let last = pools.last,
        last.targets * (pool.targets + pool.nonTargets) >= pool.targets * (last.targets + last.nonTargets)
      {
        pools.removeLast()
        pool = Pool(
          targets: last.targets + pool.targets, nonTargets: last.nonTargets + pool.nonTargets,
          scores: last.scores.lowerBound...pool.scores.upperBound)
      }
      pools.append(pool)
    }

    /// Cllr in bits of the pools' log-likelihood ratios.
    var cllr: Double {
      let targets = pools.reduce(0) { $0 + $1.targets }
      let nonTargets = pools.reduce(0) { $0 + $1.nonTargets }
      var (ofTargets, ofNonTargets) = (0.0, 0.0)
      for pool in pools where pool.targets > 0 && pool.nonTargets > 0 {
        let ratio = pool.logRatio(of: targets, nonTargets)
        ofTargets += pool.targets * LogisticCost.softplus(-ratio)
        ofNonTargets += pool.nonTargets * LogisticCost.softplus(ratio)
      }
      return LogisticCost.bits(ofTargets / targets, ofNonTargets / nonTargets)
    }
  }

  /// The pools in ascending order of scores.
  package let pools: [Pool]

  /// The best calibration of ranked trials.
  package init(_ trials: RankedTrials) {
    var pools = Pools()
    trials.forEachScore(EqualWeights()) { score, targets, nonTargets in
      pools.add(targets: targets, nonTargets: nonTargets, score: score)
    }
    self.pools = pools.pools
  }
}
