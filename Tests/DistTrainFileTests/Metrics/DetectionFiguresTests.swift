import DistTrain
import TestTools
import Testing

/// Figures of trials with weights against `scripts/golden` (oracle/figures.py).
@Suite struct DetectionFiguresTests {
  private struct Record: Decodable {
    struct Results: Decodable {
      let eer: Double
      let minDCF: [Double]
      let actualDCF: [Double]
      let cllr: Double
      let minCllr: Double

      var values: [Double] { [eer] + minDCF + actualDCF + [cllr, minCllr] }
    }

    let scores: [Float]
    let targets: [Bool]
    let weights: [Double]
    let priors: [Double]
    let equal: Results
    let weighted: Results
  }

  private struct ListWeights: TrialWeights {
    let trials: RankedTrials
    let weights: [Double]
    func weight(_ rank: Int) -> Double { weights[Int(trials.positions[rank])] }
  }

  @Test func `figures are those of SciPy and NumPy, with equal and other weights`() throws {
    let record = try Golden.record("figures", as: Record.self)
    let choice = DetectionFigures.Choice(priors: record.priors, areLikelihoodRatios: true)
    let trials = try RankedTrials(scores: record.scores, targets: record.targets)
    let weights = ListWeights(trials: trials, weights: record.weights)
    let weighted = try #require(trials.figures(choice, weights))
    for (found, expected) in [(trials.figures(choice), record.equal), (weighted, record.weighted)] {
      #expect(found.values.count == DetectionFigures.names(choice).count)
      for (value, golden) in zip(found.values, expected.values) { #expect(abs(value - golden) < 1e-12) }
    }
  }

  @Test func `figures without weights are those of DetectionMetrics`() throws {
    var stream = RandomStream(seed: 7, purpose: .test)
    let targets = (0..<900).map { $0 % 5 == 0 }
    let scores = targets.map { Float(stream.below(60)) / 10 + ($0 ? 2 : 0) }
    let figures = try RankedTrials(scores: scores, targets: targets).figures(DetectionFigures.Choice())
    let metrics = try DetectionMetrics(scores: scores, targets: targets)
    #expect(figures.eer == metrics.eer)
    #expect(try RankedTrials(scores: scores, targets: targets).equalErrorThreshold == metrics.eerThreshold)
    #expect(figures.minDCF == [metrics.minDCF(prior: 0.01), metrics.minDCF(prior: 0.05)])
    #expect(figures.actualDCF.isEmpty && figures.cllr == nil)
  }

  @Test func `trials of one kind have no figures, whatever the weights`() throws {
    let trials = try RankedTrials(scores: [1, 2, 3], targets: [true, false, false])
    let choice = DetectionFigures.Choice()
    #expect(trials.figures(choice, ListWeights(trials: trials, weights: [0, 1, 1])) == nil)
    #expect(trials.figures(choice, ListWeights(trials: trials, weights: [1, 0, 0])) == nil)
    #expect(throws: Failure.self) { try RankedTrials(scores: [1, 2], targets: [true, true]) }
    #expect(throws: Failure.self) { try RankedTrials(scores: [.nan, 2], targets: [true, false]) }
    #expect(throws: Failure.self) { try RankedTrials(scores: [], targets: []) }
  }

  @Test func `ranks are ascending, negative scores first, equal ones in the list's order`() throws {
    let scores: [Float] = [0.5, -1, 0, -0.0, -2, 0.5, .leastNonzeroMagnitude, -.leastNonzeroMagnitude]
    let trials = try RankedTrials(scores: scores, targets: scores.indices.map { $0 < 2 })
    #expect(trials.positions == [4, 1, 7, 2, 3, 6, 0, 5])
    #expect(trials.targets == 2)
  }

  @Test func `a monotonous map of the scores changes neither minCllr nor pools`() throws {
    var stream = RandomStream(seed: 8, purpose: .test)
    let targets = (0..<300).map { $0 % 3 == 0 }
    let scores = targets.map { Float(stream.normal()) + ($0 ? 1 : 0) }
    let plain = try RankedTrials(scores: scores, targets: targets)
    let mapped = try RankedTrials(scores: scores.map { 4 * $0 + 7 }, targets: targets)
    #expect(plain.figures(.init()).minCllr == mapped.figures(.init()).minCllr)
    let pools = IsotonicCalibration(plain).pools
    #expect(pools.map(\.targets) == IsotonicCalibration(mapped).pools.map(\.targets))
    let shares = pools.map(\.share)
    #expect(zip(shares, shares.dropFirst()).allSatisfy { $0 < $1 })
    #expect(pools.reduce(0) { $0 + $1.targets + $1.nonTargets } == 300)
  }
}
