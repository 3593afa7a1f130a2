import Foundation

/// What scores are worth, of trials with weights.
public struct DetectionFigures: Sendable, Equatable {
  /// What is to be computed.
  public struct Choice: Sendable, Equatable {
    /// The prior probabilities of a target for detection costs.
    public let priors: [Double]
    /// Whether scores are natural logarithms of likelihood ratios, so that costs at the thresholds of Bayes and Cllr
    /// have a meaning.
    public let areLikelihoodRatios: Bool

    /// - Precondition: priors are between 0 and 1.
    public init(priors: [Double] = [0.01, 0.05], areLikelihoodRatios: Bool = false) {
      precondition(priors.allSatisfy { $0 > 0 && $0 < 1 }, "a prior probability is between 0 and 1")
      self.priors = priors
      self.areLikelihoodRatios = areLikelihoodRatios
    }
  }

  /// The equal error rate in percent, as `DetectionMetrics.eer` has it.
  public let eer: Double
  /// The least normalised detection cost over all thresholds, for each prior.
  public let minDCF: [Double]
  /// The normalised detection cost at the threshold ln((1 − p) / p) for each prior p; none where scores are not
  /// likelihood ratios.
  public let actualDCF: [Double]
  /// Cllr in bits, the cost of log-likelihood ratios over all priors (Brümmer and du Preez, "Application-independent
  /// evaluation of speaker detection", 2006): the mean of ½ log₂(1 + e^−s) of targets and ½ log₂(1 + e^s) of
  /// non-targets, both kinds with equal weight in sum; nil where scores are not likelihood ratios.
  public let cllr: Double?
  /// Cllr of the scores after the best monotonous calibration of these very trials (`IsotonicCalibration`).
  public let minCllr: Double

  /// All figures, in the order of `names`.
  package var values: [Double] { [eer] + minDCF + actualDCF + (cllr.map { [$0] } ?? []) + [minCllr] }

  /// The forms of the intervals of `values`.
  static func forms(_ choice: Choice) -> [SpeakerBootstrap.Form] {
    names(choice).map { name in
      name == "minCllr" ? .unbiasedLogarithmic : name.hasPrefix("minDCF") ? .cost : .logarithmic
    }
  }

  /// The names of `values`.
  package static func names(_ choice: Choice) -> [String] {
    let priors = choice.priors.map { "(\($0))" }
    let actual = choice.areLikelihoodRatios ? priors.map { "DCF" + $0 } : []
    return ["EER"] + priors.map { "minDCF" + $0 } + actual + (choice.areLikelihoodRatios ? ["Cllr"] : []) + ["minCllr"]
  }
}

extension RankedTrials {
  /// The figures of all trials, each of which counts once.
  package func figures(_ choice: DetectionFigures.Choice) -> DetectionFigures {
    guard let figures = figures(choice, EqualWeights()) else { preconditionFailure("there are trials of both kinds") }
    return figures
  }

  /// The figures of trials with weights; nil where the targets or the non-targets have none.
  /// - Complexity: O(n) time.
  package func figures(_ choice: DetectionFigures.Choice, _ weights: some TrialWeights) -> DetectionFigures? {
    var (targets, nonTargets) = (0.0, 0.0)
    for rank in scores.indices {
      if isTarget[rank] { targets += weights.weight(rank) } else { nonTargets += weights.weight(rank) }
    }
    guard targets > 0, nonTargets > 0 else { return nil }
    var pools = IsotonicCalibration.Pools()
    let scan = self.scan(priors: choice.priors, weights, targets: targets, nonTargets: nonTargets) {
      pools.add(targets: $1, nonTargets: $2, score: $0)
    }
    return DetectionFigures(
      eer: scan.equalErrorRate.percent, minDCF: scan.minDCF,
      actualDCF: choice.areLikelihoodRatios
        ? choice.priors.map { actualDCF($0, weights, targets: targets, nonTargets: nonTargets) } : [],
      cllr: choice.areLikelihoodRatios ? cllr(weights, targets: targets, nonTargets: nonTargets) : nil,
      minCllr: pools.cllr)
  }

  /// The threshold of the first point whose miss rate is no lower than its false alarm rate, as
  /// `DetectionMetrics.eerThreshold` has it.
  package var equalErrorThreshold: Float {
    scan(
      priors: [], EqualWeights(), targets: Double(targets), nonTargets: Double(scores.count - targets)
    ).equalErrorRate.threshold
  }

  /// The error rates at all scores.
  /// - Parameters:
  ///   - targets: the weight of all targets.
  ///   - nonTargets: the weight of all non-targets.
  ///   - visit: is called with each distinct score, ascending, and the weights of the trials that have it.
  private func scan(
    priors: [Double], _ weights: some TrialWeights, targets: Double, nonTargets: Double,
    visit: (Float, Double, Double) -> Void = { _, _, _ in }
  ) -> ErrorScan {
    var scan = ErrorScan(priors: priors)
    var (rejectedTargets, rejectedNonTargets) = (0.0, 0.0)
    forEachScore(weights) { score, ofTargets, ofNonTargets in
      rejectedTargets += ofTargets
      rejectedNonTargets += ofNonTargets
      scan.add(
        ErrorScan.Point(
          misses: rejectedTargets / targets, falseAlarms: (nonTargets - rejectedNonTargets) / nonTargets,
          threshold: score))
      visit(score, ofTargets, ofNonTargets)
    }
    return scan
  }

  /// Calls `body` with each distinct score, ascending, and the weights of the targets and non-targets that have it.
  func forEachScore(_ weights: some TrialWeights, _ body: (Float, Double, Double) -> Void) {
    var rank = 0
    while rank < scores.count {
      let score = scores[rank]
      var (targets, nonTargets) = (0.0, 0.0)
      while rank < scores.count, scores[rank] == score {
        let weight = weights.weight(rank)
        if isTarget[rank] { targets += weight } else { nonTargets += weight }
        rank += 1
      }
      if targets + nonTargets > 0 { body(score, targets, nonTargets) }
    }
  }

  private func actualDCF(
    _ prior: Double, _ weights: some TrialWeights, targets: Double, nonTargets: Double
  ) -> Double {
    let threshold = log((1 - prior) / prior)
    var (misses, falseAlarms) = (0.0, 0.0)
    for rank in scores.indices {
      let isAccepted = Double(scores[rank]) > threshold
      if isTarget[rank], !isAccepted { misses += weights.weight(rank) }
      if !isTarget[rank], isAccepted { falseAlarms += weights.weight(rank) }
    }
    return (prior * misses / targets + (1 - prior) * falseAlarms / nonTargets) / min(prior, 1 - prior)
  }

  private func cllr(_ weights: some TrialWeights, targets: Double, nonTargets: Double) -> Double {
    var (ofTargets, ofNonTargets) = (0.0, 0.0)
    for rank in scores.indices {
      let score = Double(scores[rank])
      if isTarget[rank] {
        ofTargets += weights.weight(rank) * LogisticCost.softplus(-score)
      } else {
        ofNonTargets += weights.weight(rank) * LogisticCost.softplus(score)
      }
    }
    return LogisticCost.bits(ofTargets / targets, ofNonTargets / nonTargets)
  }
}
