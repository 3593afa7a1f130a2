import Foundation

/// An affine map from a trial's scores, and from measures of its quality, to the natural logarithm of the likelihood
/// ratio of target to non-target.
package struct Calibration: Sendable, Codable, Equatable {
  /// The prior probability of a target for which the map was fitted.
  package let prior: Double
  package let offset: Double
  /// The factor of each score, then those of the values of each measure.
  package let weights: [Double]
  /// The measures behind the scores.
  package let qualities: [QualityMeasure]

  private init(prior: Double, offset: Double, weights: [Double], qualities: [QualityMeasure]) {
    (self.prior, self.offset, self.weights, self.qualities) = (prior, offset, weights, qualities)
  }

  /// The log-likelihood ratio of one trial.
  /// - Parameter inputs: as many as there are weights.
  package func ratio(_ inputs: some Sequence<Double>) -> Double {
    zip(weights, inputs).reduce(offset) { $0 + $1.0 * $1.1 }
  }

  /// Whether its numbers are such as a fit gives.
  var isWhole: Bool {
    offset.isFinite && weights.allSatisfy(\.isFinite) && prior > 0 && prior < 1
      && weights.count > QualityMeasure.values * qualities.count
  }
}

extension Calibration {
  /// Fits the map to trials with answers.
  ///
  /// It minimises the cross-entropy C(w) = π/T·Σ_targets ln(1 + e^−(l + logit π)) + (1 − π)/N·Σ_non-targets
  /// ln(1 + e^(l + logit π)), which for π = ½ is ln 2 times Cllr (Brümmer and Doddington, "Likelihood-ratio calibration
  /// using prior-weighted proper scoring rules", 2013), plus `LogisticRegression.ridge` times half the squares of the
  /// weights of inputs that are scaled to deviation 1: of the values of a measure, one is the difference of two others.
  /// - Parameters:
  ///   - inputs: trials × inputs, the scores first.
  ///   - targets: whether each trial is a target.
  ///   - prior: π, between 0 and 1.
  ///   - qualities: the measures behind the scores.
  /// - Throws: `Failure(.badData)` where all trials are of one kind, an input is not finite, a score is the same in all
  ///   trials, or the inputs separate targets from non-targets: no finite map is the best then.
  package init(
    inputs: DoubleMatrix, targets: [Bool], prior: Double, qualities: [QualityMeasure] = []
  ) throws {
    precondition(
      inputs.rows == targets.count && prior > 0 && prior < 1, "trials have answers, and a prior is in (0, 1)")
    let kinds = targets.count(where: \.self)
    guard kinds > 0, kinds < targets.count else {
      throw Failure(
        .badData,
        "all \(targets.count.counted("trial")) of the calibration are \(kinds == 0 ? "non-targets" : "targets"): it "
          + "needs both kinds"
      )
    }
    if let bad = inputs.values.firstIndex(where: { !$0.isFinite }) {
      throw Failure(
        .badData, "the score or a measure of trial \(bad / inputs.columns + 1) of the calibration is not finite")
    }
    let scale = InputScale(inputs)
    let scores = inputs.columns - QualityMeasure.values * qualities.count
    guard scale.deviations.prefix(scores).allSatisfy({ $0 > 0 }) else {
      throw Failure(
        .badData, "the scores of all \(targets.count.counted("trial")) of the calibration are equal, and tell nothing")
    }
    let regression = LogisticRegression(inputs: scale.applied(inputs), targets: targets, prior: prior)
    let fit = try regression.minimum()
    guard !regression.separates(fit) else {
      throw Failure(
        .badData,
        "the calibration separates all \(kinds) targets from the \(targets.count - kinds) non-targets, so that no finite "
          + "scale of likelihood ratios is the best: give more trials, or harder ones")
    }
    let weights = zip(fit, scale.deviations).map { $1 > 0 ? $0 / $1 : 0 }
    let shift = zip(weights, scale.means).reduce(0) { $0 + $1.0 * $1.1 }
    self.init(prior: prior, offset: fit[inputs.columns] - shift, weights: weights, qualities: qualities)
  }
}

/// The mean and the standard deviation of each input; the deviation is 0 where an input is the same in all trials.
private struct InputScale {
  private(set) var means: [Double] = []
  private(set) var deviations: [Double] = []

  init(_ inputs: DoubleMatrix) {
    let count = Double(inputs.rows)
    for column in 0..<inputs.columns {
      let mean = (0..<inputs.rows).reduce(0) { $0 + inputs[$1, column] } / count
      let squares = (0..<inputs.rows).reduce(0) { sum, row in
        sum + (inputs[row, column] - mean) * (inputs[row, column] - mean)
      }
      let deviation = (squares / count).squareRoot()
      means.append(mean)
      // What is less than the rounding of the mean is none.
      deviations.append(deviation > 1e-12 * abs(mean) ? deviation : 0)
    }
  }

  func applied(_ inputs: DoubleMatrix) -> DoubleMatrix {
    var result = inputs
    for row in 0..<inputs.rows {
      for column in 0..<inputs.columns {
        let deviation = deviations[column]
        result[row, column] = deviation > 0 ? (inputs[row, column] - means[column]) / deviation : 0
      }
    }
    return result
  }
}
