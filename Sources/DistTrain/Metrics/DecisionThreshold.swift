import Foundation

/// The score above which a pair of recordings counts as one speaker, for a wanted rate of false accepts, and how far a list
/// of trials can tell it.
package struct DecisionThreshold: Sendable, Equatable {
  /// A rate with its interval over speakers.
  package struct Rate: Sendable, Equatable, Codable {
    package let value: Double
    package let low: Double
    package let high: Double
  }

  /// The wanted share of non-targets that are accepted.
  package let wanted: Double
  /// The highest score that is rejected, with the interval of that over speakers. Scores within the interval cannot be
  /// told to be of one speaker or of two at the wanted rate.
  package let threshold: Rate
  /// The shares of non-targets that are accepted and of targets that are rejected at the threshold.
  package let falseAccepts: Rate
  package let misses: Rate
  /// What it was taken from.
  package let targets: Int
  package let nonTargets: Int
  package let speakers: Int

  /// The errors that a rate must rest on: with 30 the true rate is within 30 % of the counted one at 90 % confidence if
  /// trials are independent (the rule of 30: Doddington et al., "The NIST speaker recognition evaluation", 2000).
  package static let fewestErrors = 30.0

  /// - Parameter counting: shows how many resamples are done.
  /// - Throws: `Failure(.badData)` where the list has too few non-targets or speakers for the wanted rate.
  package init(
    _ trials: RankedTrials, speakers: TrialSpeakers, falseAccepts wanted: Double, resamples: Int,
    counting: WorkCounting = .silent
  ) throws {
    precondition(wanted > 0 && wanted < 1, "a rate is between 0 and 1")
    let nonTargets = trials.scores.count - trials.targets
    guard Double(nonTargets) * wanted >= Self.fewestErrors else {
      let least = Int((Self.fewestErrors / wanted).rounded(.up))
      throw Failure(
        .badData,
        "\(nonTargets) non-targets are too few for a false-accept rate of \(Self.text(wanted)): 30 false accepts are "
          + "needed to tell it (the rule of 30), so \(least) non-targets; the lowest rate that this list can tell is "
          + Self.text(Self.fewestErrors / Double(nonTargets)))
    }
    guard speakers.count >= SpeakerBootstrap.fewestSpeakers else {
      throw Failure(
        .badData,
        "the trials are of \(speakers.count.counted("speaker")), too few to tell how a threshold holds for others: at "
          + "least \(SpeakerBootstrap.fewestSpeakers) are needed")
    }
    self.wanted = wanted
    self.nonTargets = nonTargets
    targets = trials.targets
    self.speakers = speakers.count
    let bootstrap = SpeakerBootstrap(speakers, resamples: resamples)
    let threshold = trials.threshold(falseAccepts: wanted, EqualWeights())
    guard let rates = trials.rates(above: threshold, EqualWeights()) else {
      preconditionFailure("there are trials of both kinds")
    }
    // Rounding of the rate may leave one less.
    guard rates.falseAccepts * Double(nonTargets) > Self.fewestErrors - 1.5 else {
      throw Failure(
        .badData,
        "no threshold has a false-accept rate near \(Self.text(wanted)): so many non-targets have the score "
          + "\(Self.text(Double(threshold))) that above it are only \(Self.text(rates.falseAccepts))")
    }
    let resampled = counting.count(resamples, of: "resamples drawn") { drawn in
      bootstrap.values(trials) { weights in
        defer { drawn(1) }
        return trials.rates(above: threshold, weights).map {
          (Double(trials.threshold(falseAccepts: wanted, weights)), $0)
        }
      }.compactMap(\.self)
    }
    guard !resampled.isEmpty else { throw SystemComparison.fewSpeakers }
    func rate(_ value: Double, _ others: [Double]) -> Rate {
      let interval = bootstrap.interval(of: value, others, .percentiles)
      return Rate(value: value, low: interval.low, high: interval.high)
    }
    self.threshold = rate(Double(threshold), resampled.map(\.0))
    falseAccepts = rate(rates.falseAccepts, resampled.map(\.1.falseAccepts))
    misses = rate(rates.misses, resampled.map(\.1.misses))
  }

  private static func text(_ rate: Double) -> String { String(format: "%.3g", rate) }
}

extension RankedTrials {
  /// The lowest score of a non-target, such that of the non-targets at most a share lies above it.
  fileprivate func threshold(falseAccepts share: Double, _ weights: some TrialWeights) -> Float {
    var all = 0.0
    for rank in scores.indices where !isTarget[rank] { all += weights.weight(rank) }
    var (rejected, found) = (0.0, scores[0])
    forEachScore(weights) { score, _, nonTargets in
      guard all - rejected > share * all else { return }
      found = score
      rejected += nonTargets
    }
    return found
  }

  /// nil where the targets or the non-targets have no weight.
  fileprivate func rates(
    above threshold: Float, _ weights: some TrialWeights
  ) -> (falseAccepts: Double, misses: Double)? {
    var (targets, nonTargets, accepted, missed) = (0.0, 0.0, 0.0, 0.0)
    for rank in scores.indices {
      let weight = weights.weight(rank)
      if isTarget[rank] {
        targets += weight
        if scores[rank] <= threshold { missed += weight }
      } else {
        nonTargets += weight
        if scores[rank] > threshold { accepted += weight }
      }
    }
    return targets > 0 && nonTargets > 0 ? (accepted / nonTargets, missed / targets) : nil
  }
}
