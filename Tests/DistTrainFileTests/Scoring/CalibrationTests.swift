import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct CalibrationTests {
  /// Scores of 200 trials that overlap.
  private func trials() -> (scores: [Double], targets: [Bool]) {
    var stream = RandomStream(seed: 6, purpose: .test)
    let targets = (0..<200).map { $0 % 4 == 0 }
    return (targets.map { stream.normal() + ($0 ? 1.5 : 0) }, targets)
  }

  private func column(_ scores: [Double]) -> DoubleMatrix { DoubleMatrix(rows: scores.count, columns: 1, scores) }

  @Test func `offset and weight equal the golden ones at each prior`() throws {
    try withScratchFolder { folder in
      let golden = try GoldenBackEnds(folder)
      let scores = try #require(golden.record.cases.first { $0.name == "as-norm" }).scores
      for fit in golden.record.calibrations where fit.weights.count == 1 {
        let found = try Calibration(
          inputs: column(scores), targets: golden.record.targets.map { $0 == 1 }, prior: fit.prior)
        #expect(abs(found.offset - fit.offset) < 1e-8 && abs(found.weights[0] - fit.weights[0]) < 1e-8)
        #expect(abs(found.ratio([scores[5]]) - fit.ratios[5]) < 1e-8)
      }
    }
  }

  @Test func `at the minimum, targets and non-targets weigh what the prior says`() throws {
    let (scores, targets) = trials()
    let prior = 0.2
    let found = try Calibration(inputs: column(scores), targets: targets, prior: prior)
    // The derivative by the offset is 0: the posteriors' mean over the weighted trials is the prior.
    var sum = 0.0
    for (score, isTarget) in zip(scores, targets) {
      let posterior = 1 / (1 + exp(-found.ratio([score]) - log(prior / (1 - prior))))
      sum += posterior * (isTarget ? prior / 50 : (1 - prior) / 150)
    }
    #expect(abs(sum - prior) < 1e-9)
  }

  @Test func `a score in another unit gives the same ratios, and one turned around too`() throws {
    let (scores, targets) = trials()
    let plain = try Calibration(inputs: column(scores), targets: targets, prior: 0.5)
    let other = try Calibration(inputs: column(scores.map { 5000 - 300 * $0 }), targets: targets, prior: 0.5)
    #expect(other.weights[0] < 0)
    for score in [-2.0, 0, 3] {
      #expect(abs(plain.ratio([score]) - other.ratio([5000 - 300 * score])) < 1e-7)
    }
  }

  @Test func `trials that no map fits are refused`() throws {
    let (scores, targets) = trials()
    func failing(_ scores: [Double], _ targets: [Bool]) -> Failure? {
      failure { _ = try Calibration(inputs: column(scores), targets: targets, prior: 0.5) }
    }
    let one = failing(scores, targets.map { _ in true })
    #expect(one?.kind == .badData && one?.message.contains("all 200 trials of the calibration are targets") == true)
    let constant = failing(scores.map { _ in 0.1 }, targets)
    #expect(constant?.message.contains("all 200 trials of the calibration are equal") == true)
    let separable = failing(targets.map { $0 ? 1 : -1 }, targets)
    #expect(separable?.message.contains("separates all 50 targets from the 150 non-targets") == true)
    var broken = scores
    broken[6] = .nan
    #expect(failing(broken, targets)?.message.contains("of trial 7 of the calibration is not finite") == true)
  }
}
