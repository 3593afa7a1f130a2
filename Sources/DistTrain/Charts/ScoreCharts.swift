import Foundation

/// Drawings of how well scores tell targets from non-targets, each the text of an SVG file.
package struct ScoreCharts: Sendable {
  private let trials: RankedTrials
  private let areLikelihoodRatios: Bool

  package init(_ trials: RankedTrials, areLikelihoodRatios: Bool) {
    self.trials = trials
    self.areLikelihoodRatios = areLikelihoodRatios
  }

  /// The rates that a DET curve's axes mark, in percent.
  private static let marks = [0.01, 0.1, 0.5, 1, 2, 5, 10, 20, 40]

  /// The miss rate against the false alarm rate at every threshold, on axes of normal deviates (Martin et al., "The DET
  /// curve in assessment of detection task performance", 1997).
  package var detectionErrorTradeoff: String {
    Self.detectionErrorTradeoff([detectionCurve("all trials", .blue)]).svg
  }

  /// The curve of these scores among those of others.
  func detectionCurve(_ name: String, _ colour: Chart.Colour) -> Chart.Curve {
    Chart.Curve(name: name, points: deviates, colour: colour)
  }

  /// The drawing of one curve or several.
  static func detectionErrorTradeoff(_ curves: [Chart.Curve], frame: Chart.Frame = .file) -> Chart {
    let axis = { (title: String) in
      Chart.Axis(
        title: title, range: NormalDistribution.quantile(0.0001)...NormalDistribution.quantile(0.5),
        ticks: marks.map { (NormalDistribution.quantile($0 / 100), String(format: "%g", $0)) })
    }
    return Chart(
      title: "Detection error trade-off", horizontal: axis("false alarms (%)"), vertical: axis("misses (%)"),
      curves: [Chart.Curve(name: "equal rates", points: [(-4, -4), (0, 0)], colour: .grey, isDashed: true)] + curves,
      frame: frame)
  }

  /// The normal deviates of both rates, of which neighbours differ by a hundredth at least.
  private var deviates: [(x: Double, y: Double)] {
    let all = Double(trials.isTarget.count(where: \.self))
    let others = Double(trials.isTarget.count) - all
    func deviate(_ rate: Double) -> Double { NormalDistribution.quantile(min(max(rate, 1e-5), 1 - 1e-5)) }
    var points: [(x: Double, y: Double)] = []
    var (misses, rejected) = (0.0, 0.0)
    var drawn = (misses: -1.0, falseAlarms: -1.0)
    trials.forEachScore(EqualWeights()) { _, targets, nonTargets in
      misses += targets
      rejected += nonTargets
      let rates = (misses: misses / all, falseAlarms: (others - rejected) / others)
      // The axes end at one half.
      guard rates.misses <= 0.5, rates.falseAlarms <= 0.5 else { return }
      // Deviates cost much more than rates, and near ones are not to be told apart in a drawing.
      guard Self.differ(rates.misses, drawn.misses) || Self.differ(rates.falseAlarms, drawn.falseAlarms) else { return }
      drawn = rates
      points.append((deviate(rates.falseAlarms), deviate(rates.misses)))
    }
    return points
  }

  /// Whether two rates are apart by a hundredth of themselves.
  private static func differ(_ rate: Double, _ other: Double) -> Bool {
    abs(rate - other) > 0.01 * min(abs(rate), abs(other)) + 1e-6
  }

  /// The densities of the scores of both kinds.
  package var histogram: String { histogram(frame: .file).svg }

  func histogram(frame: Chart.Frame) -> Chart {
    let bins = 60
    let low = Double(trials.scores[0])
    let high = max(Double(trials.scores[trials.scores.count - 1]), low + 1e-6)
    let width = (high - low) / Double(bins)
    func curve(_ kind: Bool, _ name: String, _ colour: Chart.Colour) -> Chart.Curve {
      var counts = [Double](repeating: 0, count: bins)
      for (score, isTarget) in zip(trials.scores, trials.isTarget) where isTarget == kind {
        counts[min(Int((Double(score) - low) / width), bins - 1)] += 1
      }
      let sum = counts.reduce(0, +)
      let points = counts.enumerated().flatMap { bin, count in
        let density = count / (sum * width)
        return [(low + Double(bin) * width, density), (low + Double(bin + 1) * width, density)]
      }
      return Chart.Curve(name: name, points: points, colour: colour, isFilled: true)
    }
    let curves = [curve(false, "non-targets", .orange), curve(true, "targets", .blue)]
    let highest = curves.flatMap { $0.points.map(\.y) }.max() ?? 1
    return Chart(
      title: "Scores", horizontal: Chart.Axis(title: scoreTitle, over: low...high),
      vertical: Chart.Axis(title: "density", over: 0...1.25 * highest), curves: curves, frame: frame)
  }

  private var scoreTitle: String { areLikelihoodRatios ? "log-likelihood ratio" : "score" }

  /// The log-likelihood ratio that scores turned out to have, by isotonic regression, against the score; of calibrated
  /// scores, the diagonal beside it is what they claim.
  package var reliability: String {
    let pools = IsotonicCalibration(trials).pools
    let targets = pools.reduce(0) { $0 + $1.targets }
    let others = pools.reduce(0) { $0 + $1.nonTargets }
    let bound = 12.0
    let points = pools.flatMap { pool in
      let held = min(max(pool.logRatio(of: targets, others), -bound), bound)
      return [(Double(pool.scores.lowerBound), held), (Double(pool.scores.upperBound), held)]
    }
    let low = Double(trials.scores[0])
    let high = max(Double(trials.scores[trials.scores.count - 1]), low + 1e-6)
    let range = areLikelihoodRatios ? -bound...bound : low...high
    let claimed = Chart.Curve(
      name: "claimed", points: [(-bound, -bound), (bound, bound)], colour: .grey, isDashed: true)
    return Chart(
      title: "Reliability", horizontal: Chart.Axis(title: scoreTitle, over: range),
      vertical: Chart.Axis(title: "observed log-likelihood ratio", over: -bound...bound),
      curves: (areLikelihoodRatios ? [claimed] : []) + [Chart.Curve(name: "observed", points: points, colour: .blue)]
    ).svg
  }
}
