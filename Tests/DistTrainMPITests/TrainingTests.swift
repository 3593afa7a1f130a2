import DistTrain
import Foundation
import TestTools
import Testing

extension MPITests {
  @Suite struct TrainingTests {
    /// Settings that walk each path of a step: `--set` arguments over a small encoder. Large steps, so that the
    /// smallest difference would grow.
    static let cases: [[String]] = [
      [],
      ["weighting.space=representation", "batch.speakers=5"],
      ["weighting.method=fixed", "optimizer.type=adamw", "training.average={decay: 0.9, from: 2}"],
      ["contrastive.attention.stopGradient=false", "optimizer.type=adam"],
      ["contrastive.attention.mode=logit", "contrastive.margin.denominator=plain", "classification.subcenters=2"],
      ["batch.utterances=4", "batch.views=1", "views.augmented=[false]", "contrastive.attention.warmup=5"],
      ["encoder.layout=speechbrain", "features.type=speechbrain", "batch.utterances=4", "batch.unit=2"],
      [
        "training.frozen=[layer1, layer2.se_res2block]", "schedule.unfreeze=10", "optimizer.type=adam",
        "training.learningRates={layer3: 0.3}",
      ],
      ["classification.sharded=true", "optimizer.gradientNorm=1"],
      ["batch.microBatches=2", "batch.utterances=4", "optimizer.type=adam"],
      [
        "batch.microBatches=3", "batch.speakers=5", "batch.utterances=4", "batch.views=3",
        "views.augmented=[false, true, true]", "weighting.space=representation", "classification.sharded=true",
      ],
      [
        "classification={sharded: true, sampling: 0.8, subcenters: 2, interTopK: {count: 2}}", "optimizer.type=adam",
        "contrastive.attention={stopGradient: false, scale: 8}", "weighting.space=representation",
      ],
      [
        "augmentation.volume.probability=1", "augmentation.codec.probability=0.5",
        "augmentation.specAugment.probability=1",
      ],
    ]

    @Test(arguments: cases)
    func `twenty steps on all ranks leave the bits of one rank`(settings: [String]) throws {
      let corpus = try SharedCorpus()
      defer { corpus.remove() }
      let alone = try World.communicator.agree {
        World.communicator.rank == 0 ? try run(settings, corpus: corpus.path, communicator: SoleCommunicator()) : nil
      }
      let together = try run(settings, corpus: corpus.path, communicator: World.communicator)
      for part in Outcome.parts {
        let expected = World.communicator.broadcast(alone.map { $0.bytes(part) } ?? [])
        expectOnAllRanks(!expected.isEmpty && together.bytes(part) == expected, "\(settings): \(part) differ")
      }
      expectOnAllRanks(together.metrics.count == 20 && together.metrics[19]["classification"].loss > 0)
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

    private struct Outcome {
      let metrics: [StepMetrics]
      let parameters: [Float]
      let statistics: [Float]
      let optimizer: [Float]
      /// The moving average of parameters and running statistics; the newest ones without the setting.
      let evaluated: [Float]
      let ranksAgree: Bool

      static let parts = [
        "losses, weights and norms", "parameters", "running statistics", "the optimiser's memory", "what is evaluated",
      ]

      func bytes(_ part: String) -> [UInt8] {
        switch part {
        case Self.parts[0]:
          metrics.flatMap {
            [
              $0["classification"].loss, $0["contrastive"].loss, $0.alpha, $0["classification"].gradientNorm,
              $0["contrastive"].gradientNorm, $0.gradientCosines[0],
            ]
          }.withUnsafeBytes { Array($0) }
        case Self.parts[1]: parameters.withUnsafeBytes { Array($0) }
        case Self.parts[2]: statistics.withUnsafeBytes { Array($0) }
        case Self.parts[3]: optimizer.withUnsafeBytes { Array($0) }
        default: evaluated.withUnsafeBytes { Array($0) }
        }
      }
    }

    private func run(
      _ settings: [String], corpus: String, communicator: any Communicator
    ) throws -> Outcome {
      let small = [
        "corpus.train=\(corpus)", "encoder.channels=32", "encoder.aggregation=96", "encoder.embedding=16",
        "features.bins=24", "crop.seconds=0.6", "batch.speakers=4", "batch.utterances=2", "batch.unit=1",
        "schedule.learningRate.initial=0.01", "schedule.learningRate.final=0.002", "schedule.margin.end=8",
        "training.steps=20", "seed=3",
      ]
      let configuration = try Configuration.load(file: nil, overrides: small + settings)
      let plan = try TrainingPlan(configuration, corpus: Corpus.open(corpus))
      let trainer = Trainer(encoder: configuration.network, plan: plan, communicator: communicator)
      let metrics = try (0..<20).map { _ in try trainer.advance().metrics }
      return Outcome(
        metrics: metrics, parameters: trainer.whole(trainer.parameters), statistics: trainer.statistics.values,
        optimizer: trainer.optimizer.state.flatMap { trainer.whole($0.values) },
        evaluated: trainer.evaluated.parameters.values.prefix(trainer.encoder.layout.parameters.count)
          + trainer.evaluated.statistics.values,
        ranksAgree: trainer.ranksAgree)
    }

    private func relative(_ a: [Float], _ b: [Float]) -> Double {
      let difference = zip(a, b).reduce(0.0) { $0 + pow(Double($1.0) - Double($1.1), 2) }
      return (difference / b.reduce(0.0) { $0 + Double($1) * Double($1) }).squareRoot()
    }
  }
}
