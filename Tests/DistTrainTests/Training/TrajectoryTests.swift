import DistTrain
import TestTools
import Testing

/// Twenty steps of both objectives, min-norm weighting, clipping, schedules and an optimiser against PyTorch's.
@Suite struct TrajectoryTests {
  struct Record: Decodable {
    struct Step: Decodable {
      let classification: Double
      let contrastive: Double
      let alpha: Double
      let norms: [Double]
    }
    struct Case: Decodable {
      let name: String
      let weightDecay: Double
      let initial: Double
      let final: Double
      let beta2: Double?
      let epsilon: Double?
      let steps: [Step]
    }
    let speakers: [Int]
    let gradientNorm: Double
    let scale: Double
    let margin: Double
    let marginEnd: Int
    let temperature: Double
    let cases: [Case]
  }

  @Test(arguments: ["sgd", "adamw"])
  func `losses, α and parameters follow PyTorch's for twenty steps`(name: String) throws {
    let golden = try Golden("training")
    let record = try Golden.record("training", as: Record.self)
    let settings = try #require(record.cases.first { $0.name == name })
    let trainer = try trainer(record, settings)
    let start = try golden.flat(trainer.layout, scope: "parameter")
    trainer.parameters.pointer.update(from: start.pointer, count: start.count)
    let before = try golden.flat(trainer.encoder.layout.statistics, scope: "before")
    trainer.statistics.pointer.update(from: before.pointer, count: before.count)
    let batches = try (0..<4).map { try golden.features("batch.\($0)") }

    #expect(settings.steps.count == 20)
    for (step, expected) in settings.steps.enumerated() {
      let metrics = try trainer.learn(batches[step % 4], speakers: record.speakers)
      // A loss of a hundredth is what is left of exponentials of cosines: rounding of these is an absolute error.
      #expect(abs(metrics["classification"].loss - expected.classification) < 1e-4 * (1 + expected.classification))
      #expect(abs(metrics["contrastive"].loss - expected.contrastive) < 1e-4 * (1 + expected.contrastive))
      #expect(abs(metrics.alpha - expected.alpha) < 1e-3, "step \(step + 1)")
      #expect(abs(metrics["classification"].gradientNorm - expected.norms[0]) < 1e-3 * (1 + expected.norms[0]))
      #expect(abs(metrics["contrastive"].gradientNorm - expected.norms[1]) < 1e-3 * (1 + expected.norms[1]))
    }
    let end = try golden.flat(trainer.layout, scope: name)
    #expect(relativeDistance(trainer.parameters.values, end.values) < 1e-4)
    // The way itself, so that standing still is seen.
    #expect(
      relativeDistance(
        zip(trainer.parameters.values, start.values).map { $0 - $1 }, zip(end.values, start.values).map { $0 - $1 })
        < 2e-3)
    let statistics = try golden.flat(trainer.encoder.layout.statistics, scope: name)
    #expect(relativeDistance(trainer.statistics.values, statistics.values) < 1e-4)
  }

  private func trainer(_ record: Record, _ settings: Record.Case) throws -> Trainer {
    let configuration = try Configuration.load(
      file: nil,
      overrides: [
        "training.steps=20", "batch.speakers=4", "batch.utterances=2", "batch.views=1", "views.augmented=[false]",
        "features.bins=8", "classification.scale=\(record.scale)", "classification.margin=\(record.margin)",
        "schedule.margin.end=\(record.marginEnd)", "contrastive.temperature=\(record.temperature)",
        "optimizer.type=\(settings.name)", "optimizer.weightDecay=\(settings.weightDecay)",
        "optimizer.beta2=\(settings.beta2 ?? 0.999)", "optimizer.epsilon=\(settings.epsilon ?? 1e-8)",
        "optimizer.gradientNorm=\(record.gradientNorm)", "schedule.learningRate.initial=\(settings.initial)",
        "schedule.learningRate.final=\(settings.final)",
      ])
    var sizes = ECAPATDNN.Sizes()
    sizes.bins = 8
    sizes.channels = 16
    sizes.embedding = 6
    sizes.aggregation = 24
    sizes.squeezeBottleneck = 4
    sizes.attentionBottleneck = 4
    return Trainer(
      encoder: ECAPATDNN(sizes), plan: try TrainingPlan(configuration, corpus: .synthetic([2, 2, 2, 2])),
      communicator: SoleCommunicator())
  }
}
