import DistTrain
import Foundation
import Testing

extension MPITests {
  @Suite struct TrainingTests {
    private static let shortSteps = [
      "optimizer.epsilon=0.01", "schedule.learningRate.initial=0.00005", "schedule.learningRate.final=0.00001",
    ]

    /// Settings that walk each path of a step: `--set` arguments over a small encoder. Adam divides by the gradient's own
    /// size, so that a parameter without a gradient would follow rounding at full speed: its ε is kept above that, and its
    /// steps are short.
    static let cases: [[String]] = [
      [],
      ["weighting.space=representation"],
      ["weighting.method=fixed", "optimizer.type=adamw"] + shortSteps,
      ["contrastive.attention.stopGradient=false", "optimizer.type=adam"] + shortSteps,
      ["contrastive.attention.mode=logit", "contrastive.margin.denominator=plain", "classification.subcenters=2"],
      ["batch.views=1", "views.augmented=[false]", "contrastive.attention.warmup=5"],
      ["encoder.layout=speechbrain"],
    ]

    @Test(arguments: cases)
    func `ten steps on all ranks equal ten steps of one rank`(settings: [String]) throws {
      let corpus = try SharedCorpus()
      defer { corpus.remove() }
      let alone = try run(settings, corpus: corpus.path, communicator: SoleCommunicator())
      let together = try run(settings, corpus: corpus.path, communicator: World.communicator)
      for (step, pair) in zip(alone.metrics, together.metrics).enumerated() {
        let (one, all) = pair
        // The first step differs by the order of sums alone, which a temperature of 0.07 makes ten times larger in the
        // gradients than in the losses. Later ones start from parameters that differ by it, and a gradient jumps where a
        // ReLU, the nearest prototype or the lesser of two attentions changes sides: its size is held less tightly.
        for (name, expected, value, first, later) in [
          ("classification", one.classificationLoss, all.classificationLoss, 1e-5, 1e-4),
          ("contrastive", one.contrastiveLoss, all.contrastiveLoss, 1e-5, 1e-4),
          ("first norm", one.classificationGradientNorm, all.classificationGradientNorm, 1e-4, 5e-3),
          ("second norm", one.contrastiveGradientNorm, all.contrastiveGradientNorm, 1e-4, 5e-3),
        ] {
          expectOnAllRanks(
            abs(value - expected) <= (step == 0 ? first : later) * abs(expected),
            "\(settings), step \(step + 1), \(name): \(value), \(expected)")
        }
        // A weight: what counts is its part of 1.
        expectOnAllRanks(
          abs(all.alpha - one.alpha) <= (step == 0 ? 1e-4 : 5e-3),
          "\(settings), step \(step + 1), α: \(all.alpha), \(one.alpha)")
      }
      let distance = relative(together.parameters, alone.parameters)
      expectOnAllRanks(distance < 1e-4, "\(settings): parameters differ by \(distance)")
      let statistics = relative(together.statistics, alone.statistics)
      expectOnAllRanks(statistics < 1e-4, "\(settings): running statistics differ by \(statistics)")
    }

    @Test func `local batch statistics differ from global ones on several ranks, and all ranks stay equal`() throws {
      let corpus = try SharedCorpus()
      defer { corpus.remove() }
      let settings = ["encoder.batchNormalization=local"]
      let together = try run(settings, corpus: corpus.path, communicator: World.communicator)
      let alone = try run(settings, corpus: corpus.path, communicator: SoleCommunicator())
      let distance = relative(together.parameters, alone.parameters)
      expectOnAllRanks((distance > 1e-5) == (World.communicator.size > 1), "\(distance)")
      expectOnAllRanks(together.ranksAgree)
    }

    private func run(
      _ settings: [String], corpus: String, communicator: any Communicator
    ) throws -> (metrics: [StepMetrics], parameters: [Float], statistics: [Float], ranksAgree: Bool) {
      let small = [
        "corpus.train=\(corpus)", "encoder.channels=32", "encoder.embedding=16", "features.bins=24", "crop.seconds=0.6",
        "batch.speakers=4", "schedule.learningRate.initial=0.0005", "schedule.learningRate.final=0.0001",
        "schedule.margin.end=8", "optimizer.gradientNorm=1", "training.steps=10", "seed=3",
      ]
      let configuration = try Configuration.load(file: nil, overrides: small + settings)
      let plan = try TrainingPlan(configuration, corpus: Corpus.open(corpus))
      let trainer = Trainer(encoder: ECAPATDNN(configuration), plan: plan, communicator: communicator)
      let metrics = try (0..<10).map { _ in try trainer.advance().metrics }
      return (metrics, trainer.parameters.values, trainer.statistics.values, trainer.ranksAgree)
    }

    private func relative(_ a: [Float], _ b: [Float]) -> Double {
      let difference = zip(a, b).reduce(0.0) { $0 + pow(Double($1.0) - Double($1.1), 2) }
      return (difference / b.reduce(0.0) { $0 + Double($1) * Double($1) }).squareRoot()
    }
  }
}
