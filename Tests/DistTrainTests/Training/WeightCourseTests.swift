import DistTrain
import Foundation
import TestTools
import Testing

/// Weights that are not sought at every step.
@Suite struct WeightCourseTests {
  private static func steps(_ settings: [String], _ communicator: any Communicator, _ corpus: NoiseCorpus) throws
    -> (parameters: [Float], metrics: [StepMetrics])
  {
    let trainer = Trainer(
      encoder: NoiseCorpus.encoder,
      plan: try TrainingPlan(corpus.configuration(settings), corpus: corpus.corpus), communicator: communicator)
    let metrics = try (0..<7).map { _ in try trainer.advance().metrics }
    return (trainer.parameters.values, metrics)
  }

  @Test(arguments: ["parameters", "representation"])
  func `weights stay until they are sought again, on any number of ranks`(space: String) throws {
    let corpus = try NoiseCorpus()
    let settings = ["weighting={every: 3, space: \(space)}"]
    let alone = try Self.steps(settings, SoleCommunicator(), corpus)
    let alphas = alone.metrics.map(\.alpha)
    #expect(alphas[0] == alphas[1] && alphas[0] == alphas[2] && alphas[3] == alphas[4] && alphas[3] == alphas[5])
    #expect(alphas[0] != alphas[3] && alphas[3] != alphas[6])
    let isKnown = alone.metrics.map { $0.gradientCosines[0].isFinite && $0["contrastive"].gradientNorm.isFinite }
    #expect(isKnown == (0..<7).map { space == "representation" || $0 % 3 == 0 })
    let all = try ThreadCommunicator.run(ranks: 3) { try Self.steps(settings, $0, corpus) }
    #expect(all.allSatisfy { $0.parameters == alone.parameters })
    let every = try Self.steps(["weighting.space=\(space)"], SoleCommunicator(), corpus)
    #expect(every.metrics[0].alpha == alphas[0] && every.parameters != alone.parameters)
  }

  @Test func `a step with held weights moves the encoder as fixed weights would, to the bit`() throws {
    let corpus = try NoiseCorpus()
    let trainer = try corpus.trainer(corpus.configuration(["weighting.every=7"]))
    let alpha = try trainer.advance().metrics.alpha
    let store = CheckpointStore(path: corpus.folder.path("checkpoints"))
    try store.save(trainer.snapshot(configuration: "", version: "1"))
    let fixed = "weighting={method: fixed, classification: \(alpha), contrastive: \(1 - alpha)}"
    let other = try corpus.trainer(corpus.configuration([fixed]))
    try other.restore(#require(store.newest().checkpoint))
    let metrics = try [trainer, other].map { try $0.advance().metrics }
    #expect(metrics[0].alpha == alpha && metrics[0]["contrastive"].loss == metrics[1]["contrastive"].loss)
    let encoder = NoiseCorpus.encoder.layout.parameters.count
    #expect(trainer.parameters.values[..<encoder] == other.parameters.values[..<encoder])
  }

  @Test func `smoothed weights lie between those before and those found`() throws {
    let course = WeightCourse(every: 1, smoothing: 0.75)
    let last = WeightSolution(weights: [0.2, 0.8], present: [true, true])
    let smoothed = course.smoothed([1, 0], after: last, present: [true, true])
    #expect(abs(smoothed[0] - 0.4) < 1e-12 && abs(smoothed[1] - 0.6) < 1e-12)
    #expect(course.smoothed([1, 0], after: last, present: [true, false]) == [1, 0])
    #expect(course.smoothed([1, 0], after: nil, present: [true, true]) == [1, 0])
  }

  @Test func `weights are sought at every so many steps, at first, and where other objectives are there`() {
    let course = WeightCourse(every: 4)
    let last = WeightSolution(weights: [0.2, 0.8], present: [true, true])
    #expect((5...8).map { course.held(last, at: $0, present: [true, true]) != nil } == [true, true, true, false])
    #expect(course.held(nil, at: 5, present: [true, true]) == nil)
    #expect(course.held(last, at: 5, present: [true, false]) == nil)
    #expect(WeightCourse().held(last, at: 5, present: [true, true]) == nil)
  }

  @Test(arguments: [
    ["weighting={every: 4, smoothing: 0.5}"], ["weighting={smoothing: 0.9, space: representation}"],
    ["stages=[{training.steps: 3}, {training.steps: 6}]", "weighting.every=4"],
  ])
  func `a training that goes on from any step has the bits of the one that never stopped`(settings: [String]) throws {
    let corpus = try NoiseCorpus()
    let configuration = try corpus.configuration(settings)
    let whole = try corpus.trainer(configuration)
    let store = CheckpointStore(path: corpus.folder.path("checkpoints"))
    for _ in 0..<9 {
      _ = try whole.advance()
      try store.save(whole.snapshot(configuration: "", version: "1"))
    }
    for step in 1..<9 {
      let resumed = try corpus.trainer(configuration)
      let folder = URL(fileURLWithPath: store.encoderPath(step: step)).deletingLastPathComponent().path
      try resumed.restore(Checkpoint(verifying: folder))
      while resumed.step < 9 { _ = try resumed.advance() }
      #expect(resumed.parameters.values == whole.parameters.values, "from step \(step)")
      #expect(resumed.solution == whole.solution, "from step \(step)")
    }
  }

  @Test func `weights of other objectives than the training's are refused`() throws {
    let corpus = try NoiseCorpus()
    let configuration = try corpus.configuration(["weighting.every=4"])
    let trainer = try corpus.trainer(configuration)
    _ = try trainer.advance()
    let store = CheckpointStore(path: corpus.folder.path("checkpoints"))
    try store.save(trainer.snapshot(configuration: "", version: "1"))
    var plan = try TrainingPlan(configuration, corpus: corpus.corpus)
    plan.objectives = BatchObjectives(plan.objectives.all + [CentreLoss()], classifier: plan.objectives.classifier)
    let other = Trainer(encoder: NoiseCorpus.encoder, plan: plan, communicator: SoleCommunicator())
    let failure = failure { try other.restore(#require(store.newest().checkpoint)) }
    #expect(failure?.kind == .badData && failure?.message.contains("3 objectives") == true)
  }
}
