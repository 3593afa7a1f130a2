import DistTrain
import TestTools
import Testing

@Suite struct ThreeObjectivesTests {
  static let names = ["classification", "contrastive", "centre"]

  /// One step, so that a step's way is the gradient that its parameters follow.
  private static let plain = [
    "optimizer.momentum=0", "optimizer.nesterov=false", "optimizer.weightDecay=0", "optimizer.gradientNorm=null",
    "schedule.learningRate.initial=0.05",
  ]

  private func plan(_ corpus: NoiseCorpus, _ settings: [String] = []) throws -> TrainingPlan {
    var plan = try TrainingPlan(corpus.configuration(settings), corpus: corpus.corpus)
    plan.objectives = BatchObjectives(plan.objectives.all + [CentreLoss()], classifier: plan.objectives.classifier)
    return plan
  }

  private func trainer(_ plan: TrainingPlan) -> Trainer {
    Trainer(encoder: NoiseCorpus.encoder, plan: plan, communicator: SoleCommunicator())
  }

  /// The change that one step makes to the parameters.
  private func way(_ plan: TrainingPlan) throws -> [Float] {
    let trainer = trainer(plan)
    let start = trainer.parameters.values
    _ = try trainer.advance()
    return zip(trainer.parameters.values, start).map { $0 - $1 }
  }

  @Test(arguments: [[], ["weighting.space=representation"], ["weighting.normalization=loss"]])
  func `two steps of three objectives have the bits of one rank on any, by the weights of the shortest combination`(
    settings: [String]
  ) throws {
    let corpus = try NoiseCorpus()
    let plan = try plan(corpus, settings)
    let alone = try Self.train(plan, SoleCommunicator())
    for ranks in [2, 3] {
      let all = try ThreadCommunicator.run(ranks: ranks) { [plan] in try Self.train(plan, $0) }
      for rank in all {
        #expect(rank.parameters == alone.parameters)
        #expect(rank.losses == alone.losses)
      }
    }
    for step in alone.metrics {
      #expect(step.objectives.map(\.name) == Self.names && step.gradientCosines.count == 3)
      let isByLoss = settings.contains("weighting.normalization=loss")
      let weights = MinNormSolver(normalization: isByLoss ? .loss : .none).weights(
        gram: Self.gram(step), losses: step.objectives.map(\.loss), present: [true, true, true])
      for (objective, weight) in zip(step.objectives, try #require(weights)) {
        #expect(abs(objective.weight - weight) < 1e-6, "\(objective.name)")
      }
      #expect(step.objectives.count { $0.weight > 0 } > 1)
    }
  }

  private struct Trained {
    let metrics: [StepMetrics]
    let parameters: [Float]

    var losses: [[Double]] { metrics.map { $0.objectives.map(\.loss) } }
  }

  private static func train(_ plan: TrainingPlan, _ communicator: any Communicator) throws -> Trained {
    let trainer = Trainer(encoder: NoiseCorpus.encoder, plan: plan, communicator: communicator)
    let metrics = try (0..<2).map { _ in try trainer.advance().metrics }
    return Trained(metrics: metrics, parameters: trainer.parameters.values)
  }

  /// The gradients' dot products, from their lengths and cosines.
  private static func gram(_ step: StepMetrics) -> [[Double]] {
    let norms = step.objectives.map(\.gradientNorm)
    return (0..<3).map { one in
      (0..<3).map { other in
        let cosine: Double = one == other ? 1 : step.gradientCosines[one + other - 1]
        return norms[one] * norms[other] * cosine
      }
    }
  }

  @Test func `with fixed weights a step is the weighted sum of the objectives' steps`() throws {
    let corpus = try NoiseCorpus()
    var plan = try plan(corpus, Self.plain)
    let coefficients = [0.5, 2, 3]
    func way(_ weights: [Double]) throws -> [Float] {
      plan.weighting = .fixed(Dictionary(uniqueKeysWithValues: zip(Self.names, weights)))
      return try self.way(plan)
    }
    let each = [try way([1, 0, 0]), try way([0, 1, 0]), try way([0, 0, 1])]
    let expected = each[0].indices.map { place in
      Float(zip(coefficients, each).reduce(0.0) { $0 + $1.0 * Double($1.1[place]) })
    }
    #expect(relativeDistance(try way(coefficients), expected) < 1e-3)
    #expect(each.allSatisfy { relativeDistance($0, expected) > 0.1 })
  }

  @Test func `the order of the objectives is nothing but that of sums and of the log`() throws {
    let corpus = try NoiseCorpus()
    for settings in [[], ["weighting.method=fixed", "weighting.classification=0.5"]] {
      var plan = try TrainingPlan(corpus.configuration(Self.plain + settings), corpus: corpus.corpus)
      let expected = try way(plan)
      plan.objectives = BatchObjectives(plan.objectives.all.reversed(), classifier: plan.objectives.classifier)
      let turned = try way(plan)
      #expect(relativeDistance(turned, expected) < 1e-4)
      let prototypes = NoiseCorpus.encoder.layout.parameters.count...
      #expect(relativeDistance(Array(turned[prototypes]), Array(expected[prototypes])) < 1e-4)
      #expect(trainer(plan).plan.objectives.names == ["contrastive", "classification"])
    }
  }

  @Test func `an objective alone, without a classifier, trains the encoder`() throws {
    let corpus = try NoiseCorpus()
    let parts = try plan(corpus)
    let plan = TrainingPlan(
      batches: parts.batches, objectives: [CentreLoss()], classifier: nil, weighting: .parameters(MinNormSolver()),
      schedules: parts.schedules, stage: TrainingStage(steps: 20), seed: 1
    ) { SGD($0, momentum: 0.9, nesterov: true, weightDecay: 0) }
    let trainer = trainer(plan)
    #expect(trainer.layout.count == NoiseCorpus.encoder.layout.parameters.count)
    let losses = try (0..<10).map { _ in try trainer.advance().metrics["centre"].loss }
    #expect(losses[9] < losses[0])
  }
}
