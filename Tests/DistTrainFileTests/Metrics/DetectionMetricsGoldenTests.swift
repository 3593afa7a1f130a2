import DistTrain
import TestTools
import Testing

/// EER and minDCF of a million trials against `scripts/golden` (oracle/metrics.py).
@Suite struct DetectionMetricsGoldenTests {
  private struct Record: Decodable {
    struct Recipe: Decodable {
      let count: UInt64
      let seed: UInt64
      let increment: String
      let targetsEvery: UInt64
      let shift: Int
    }

    struct Results: Decodable {
      let eer: Double
      let minDCF: [Double]
    }

    let recipe: Recipe
    let targets: Int
    let distinctScores: Int
    let sum: Int
    let priors: [Double]
    let groups: Results
    /// wespeaker's rule with the equal scores in their two extreme orders.
    let extremes: [String: Results]
  }

  /// The trials that the recipe describes, scores as whole numbers.
  private func trials(_ recipe: Record.Recipe) throws -> [(score: Int, isTarget: Bool)] {
    let increment = try #require(UInt64(recipe.increment))
    return (1...recipe.count).map { index in
      var draw = recipe.seed &+ index &* increment
      draw = (draw ^ draw >> 30) &* 0xBF58_476D_1CE4_E5B9
      draw = (draw ^ draw >> 27) &* 0x94D0_49BB_1331_11EB
      draw ^= draw >> 31
      let isTarget = draw % recipe.targetsEvery == 0
      let score = (2..<8).reduce(0) { $0 + Int(draw >> (8 * UInt64($1)) & 255) }
      return (score + (isTarget ? recipe.shift : 0), isTarget)
    }
  }

  @Test func `a million trials with ties have wespeaker's EER and minDCF`() throws {
    let record = try Golden.record("metrics", as: Record.self)
    let trials = try trials(record.recipe)
    #expect(trials.reduce(0) { $0 + $1.score } == record.sum)
    #expect(Set(trials.map(\.score)).count == record.distinctScores)

    let metrics = try DetectionMetrics(scores: trials.map { Float($0.score) / 256 }, targets: trials.map(\.isTarget))
    #expect(metrics.trials == 1_000_000)
    #expect(metrics.targets == record.targets)
    #expect(abs(metrics.eer - record.groups.eer) < 1e-9)
    let least = try #require(record.extremes["least"])
    let most = try #require(record.extremes["most"])
    #expect(least.eer < metrics.eer && metrics.eer < most.eer)
    for (index, prior) in record.priors.enumerated() {
      let cost = try #require(metrics.minDCF[prior])
      #expect(abs(cost - record.groups.minDCF[index]) < 1e-12)
      #expect(least.minDCF[index] < cost)
      #expect(abs(cost - most.minDCF[index]) < 1e-12)
    }
  }
}
