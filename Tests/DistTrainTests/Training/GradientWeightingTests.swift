import DistTrain
import TestTools
import Testing

@Suite struct GradientWeightingTests {
  private func step(
    _ number: Int = 0, losses: [Double] = [2, 0.5], present: [Bool] = [true, true]
  ) -> GradientWeighting.Step {
    GradientWeighting.Step(
      number: number, objectives: ["classification", "contrastive"], gram: [[1, 0], [0, 1]], losses: losses,
      present: present)
  }

  @Test func `by uncertainty an objective has the inverse of its loss`() {
    #expect(GradientWeighting.uncertainty.weights(at: step()) == [0.5, 2])
    #expect(GradientWeighting.uncertainty.weights(at: step(losses: [0, 0.5])) == [1000, 2])
    #expect(GradientWeighting.uncertainty.weights(at: step(present: [true, false])) == [0.5, 0])
    #expect(GradientWeighting.uncertainty.weights(at: step(losses: [.nan, 1])) == nil)
  }

  @Test func `random weights are shares that each step and each seed draws anew, and a step always draws alike`() throws
  {
    let weighting = GradientWeighting.random(seed: 1)
    let drawn = try (0..<200).map { try #require(weighting.weights(at: step($0))) }
    #expect(drawn.allSatisfy { abs($0[0] + $0[1] - 1) < 1e-12 && $0[0] > 0 && $0[1] > 0 })
    #expect(Set(drawn.map { $0[0] }).count == 200)
    let mean = drawn.reduce(0) { $0 + $1[0] } / 200
    #expect(abs(mean - 0.5) < 0.06)
    #expect(weighting.weights(at: step(7)) == drawn[7])
    #expect(GradientWeighting.random(seed: 2).weights(at: step(7)) != drawn[7])
    #expect(weighting.weights(at: step(7, present: [false, true])) == [0, 1])
    #expect(weighting.weights(at: step(7, present: [false, false])) == [0, 0])
  }

  @Test(arguments: [
    ["weighting.method=pcgrad"], ["weighting.method=cagrad"], ["weighting.method=nash-mtl"],
    ["weighting.method=cagrad", "weighting.space=representation"], ["weighting.method=uncertainty"],
    ["weighting.method=random"], ["weighting.floor=0.5"],
  ])
  func `two steps by any weighting have the bits of one rank on any`(settings: [String]) throws {
    let corpus = try NoiseCorpus()
    let plan = try TrainingPlan(corpus.configuration(settings), corpus: corpus.corpus)
    let alone = try Self.train(plan, SoleCommunicator())
    for ranks in [2, 3] {
      let all = try ThreadCommunicator.run(ranks: ranks) { [plan] in try Self.train(plan, $0) }
      #expect(all.allSatisfy { $0.parameters == alone.parameters && $0.shares == alone.shares })
    }
    let minNorm = try Self.train(
      TrainingPlan(corpus.configuration(), corpus: corpus.corpus), SoleCommunicator())
    #expect(alone.parameters != minNorm.parameters)
  }

  private static func train(
    _ plan: TrainingPlan, _ communicator: any Communicator
  ) throws -> (parameters: [Float], shares: [Double]) {
    let trainer = Trainer(encoder: NoiseCorpus.encoder, plan: plan, communicator: communicator)
    let shares = try (0..<2).map { _ in try trainer.advance().metrics.alpha }
    return (trainer.parameters.values, shares)
  }
}
