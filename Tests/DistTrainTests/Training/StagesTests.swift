import DistTrain
import Foundation
import TestTools
import Testing

/// Trainings that go through several stages.
@Suite struct StagesTests {
  /// Stages that differ in all that the way from one to the next has to care for.
  private static let different = [
    "optimizer.type=adam",
    "stages=[{training: {steps: 5, frozen: [layer2]}, augmentation.speed: {factors: [0.9, 1], asSpeakers: true}}, "
      + "{training.steps: 4, crop: {seconds: 0.5, maximumSeconds: 0.7}, "
      + "batch: {speakers: 4, unit: 3}, weighting.space: representation, classification.margin: 0.5}, "
      + "{training.steps: 2, optimizer.weightDecay: 0.1}]",
  ]

  private static func numbers(_ trainer: Trainer) -> [[Float]] {
    [trainer.parameters.values, trainer.statistics.values] + trainer.optimizer.state.map { $0.values.values }
  }

  private static func state(_ trainer: Trainer) -> TrainingState {
    trainer.snapshot(configuration: "", version: "1").state
  }

  private static func advance(_ trainer: Trainer, to step: Int) throws -> [StepMetrics] {
    try (trainer.step..<step).map { _ in try trainer.advance().metrics }
  }

  @Test func `one stage trains like none`() throws {
    let corpus = try NoiseCorpus()
    let trainers = try [[], ["stages=[{}]"]].map { try corpus.trainer(corpus.configuration($0)) }
    for trainer in trainers {
      let metrics = try Self.advance(trainer, to: 10)
      #expect(metrics.allSatisfy { $0.stage == nil })
    }
    #expect(Self.numbers(trainers[0]) == Self.numbers(trainers[1]))
    #expect(Self.state(trainers[0]) == Self.state(trainers[1]))
  }

  @Test(arguments: ["sgd", "adam"]) func `stages alike, cut at an epoch's end, are one training`(optimizer: String)
    throws
  {
    let corpus = try NoiseCorpus()
    let settings = [
      "optimizer.type=\(optimizer)", "schedule.learningRate.type=constant", "crop.maximumSeconds=0.7",
      "augmentation.volume.probability=0.5", "training.average={decay: 0.9, from: 3}",
    ]
    let whole = try corpus.trainer(corpus.configuration(settings))
    #expect(whole.plan.batches.sampler.stepsPerEpoch == 2)
    let staged = try corpus.trainer(
      corpus.configuration(settings + ["stages=[{training.steps: 4}, {training.steps: 6}]"]))
    let metrics = try [whole, staged].map { try Self.advance($0, to: 10) }
    #expect(metrics[0].map(\.epoch) == metrics[1].map(\.epoch))
    #expect(metrics[1].map(\.stage) == [1, 1, 1, 1, 2, 2, 2, 2, 2, 2] && metrics[1].map(\.step) == Array(1...10))
    #expect(Self.numbers(whole) == Self.numbers(staged))
    var state = Self.state(staged)
    #expect(state.stage == 2)
    state.stage = nil
    #expect(state == Self.state(whole))
    #expect(whole.average?.parameters.values == staged.average?.parameters.values)
  }

  @Test func `an epoch ends with its stage, and the next one draws anew`() throws {
    let corpus = try NoiseCorpus()
    let plan = try TrainingPlan(
      corpus.configuration(["stages=[{training.steps: 3}, {training.steps: 2, batch.speakers: 2}, {training.steps: 2}]"]
      ),
      corpus: corpus.corpus)
    let plans = [plan] + plan.later
    #expect(plan.steps == 7 && plans.map(\.stage.steps) == [0..<3, 3..<5, 5..<7])
    #expect(plans.map(\.stage.description) == ["stage 1 of 3", "stage 2 of 3", "stage 3 of 3"])
    #expect(plans[0].batches.sampler.position(of: 2) == (1, 0))
    #expect(plans[1].batches.sampler.position(of: 3) == (2, 0) && plans[1].batches.sampler.position(of: 4) == (2, 1))
    #expect(plans[2].batches.sampler.position(of: 5) == (3, 0) && plans[2].batches.sampler.position(of: 6) == (3, 1))
    #expect(plans[2].batches.sampler.batch(step: 5).allSatisfy { $0.epoch == 3 })
  }

  @Test func `schedules begin with their stage`() throws {
    let corpus = try NoiseCorpus()
    let rates = "initial: 1.0e-4, final: 2.5e-5, warmup: 0"
    let configuration = try corpus.configuration([
      "stages=[{training.steps: 3}, {training.steps: 4, schedule.learningRate: {\(rates)}, classification.margin: 0.4, "
        + "schedule.margin: {type: linear, start: 1, end: 3}, contrastive.attention.warmup: 4}]"
    ])
    let trainer = try corpus.trainer(configuration)
    let metrics = try Self.advance(trainer, to: 7)
    let courses = [
      LearningRateSchedule(.exponential(initial: 1e-3, final: 5e-5), steps: 3),
      LearningRateSchedule(.exponential(initial: 1e-4, final: 2.5e-5), steps: 4),
    ]
    let expected = (0..<3).map { courses[0].rate(at: $0) } + (0..<4).map { courses[1].rate(at: $0) }
    #expect(metrics.map(\.learningRate) == expected)
    #expect(metrics.map(\.margin) == [0.2, 0.2, 0.2, 0, 0, 0.2, 0.4])
    let moments = (3..<7).map { trainer.plan.schedules.moment(at: $0) }
    #expect(moments.map(\.warmth) == [0, 0.25, 0.5, 0.75] && moments.map(\.step) == [3, 4, 5, 6])
  }

  @Test func `a training that goes on from any step of any stage has the bits of the one that never stopped`() throws {
    let corpus = try NoiseCorpus(missing: "s2-u1")
    let configuration = try corpus.configuration(Self.different)
    let whole = try corpus.trainer(configuration)
    let store = CheckpointStore(path: corpus.folder.path("checkpoints"))
    for _ in 0..<11 {
      _ = try whole.advance()
      try store.save(whole.snapshot(configuration: "", version: "1"))
    }
    #expect(Self.state(whole).replaced == ["s2-u1"])
    for step in 1..<11 {
      let resumed = try corpus.trainer(configuration)
      try resumed.restore(Checkpoint(verifying: store.encoderPath(step: step).withoutName))
      #expect(resumed.step == step && resumed.plan.stage.number == (step <= 5 ? 1 : step <= 9 ? 2 : 3))
      let metrics = try Self.advance(resumed, to: 11)
      #expect(metrics.first?.step == step + 1)
      #expect(Self.numbers(resumed) == Self.numbers(whole), "from step \(step)")
      #expect(Self.state(resumed) == Self.state(whole), "from step \(step)")
    }
  }

  @Test func `a step at a border that cannot begin leaves a state to go on from`() throws {
    let (corpus, noises) = (try NoiseCorpus(), try TestFolder())
    try noises.writeTone("a.wav")
    let configuration = try corpus.configuration(
      [
        "stages=[{training.steps: 3, augmentation.speed: {factors: [0.9, 1], asSpeakers: true}}, "
          + "{training.steps: 3, augmentation: {noise: \(noises.path), probability: 1}}]"
      ])
    let whole = try corpus.trainer(configuration)
    _ = try Self.advance(whole, to: 6)
    let stopped = try corpus.trainer(configuration)
    _ = try Self.advance(stopped, to: 3)
    try FileManager.default.moveItem(atPath: noises.path("a.wav"), toPath: noises.path("aside"))
    #expect(throws: AgreedFailure.self) { try stopped.advance() }
    #expect(stopped.step == 3 && Self.state(stopped).stage == 2)
    let store = CheckpointStore(path: corpus.folder.path("checkpoints"))
    try store.save(stopped.snapshot(configuration: "", version: "1"))
    try FileManager.default.moveItem(atPath: noises.path("aside"), toPath: noises.path("a.wav"))

    let resumed = try corpus.trainer(configuration)
    try resumed.check(#require(store.newest().checkpoint))
    try resumed.restore(#require(store.newest().checkpoint))
    _ = try Self.advance(resumed, to: 6)
    #expect(Self.numbers(resumed) == Self.numbers(whole) && Self.state(resumed) == Self.state(whole))
  }

  @Test func `a checkpoint of other stages is taken for the one of its last step`() throws {
    let corpus = try NoiseCorpus()
    let trainer = try corpus.trainer(corpus.configuration(["stages=[{training.steps: 3}, {training.steps: 4}]"]))
    var state = Self.state(trainer)
    for (step, named, stage) in [
      (0, nil, 1), (2, nil, 1), (3, nil, 1), (4, nil, 2), (7, nil, 2), (99, nil, 2), (3, 1, 1), (3, 2, 2), (2, 2, 1),
      (4, 1, 2), (3, 3, 1), (3, 0, 1), (99, 2, 2),
    ] as [(Int, Int?, Int)] {
      (state.step, state.stage) = (step, named)
      #expect(trainer.plan(of: state).stage.number == stage, "step \(step) of stage \(named ?? 0)")
    }
  }

  @Test func `three ranks have the bits of one in all stages`() throws {
    let corpus = try NoiseCorpus()
    let configuration = try corpus.configuration(Self.different)
    @Sendable func train(_ communicator: any Communicator) throws -> [[[Float]]] {
      let trainer = try corpus.trainer(configuration, communicator: communicator)
      return try [5, 6, 11].map { step in
        _ = try Self.advance(trainer, to: step)
        return Self.numbers(trainer)
      }
    }
    let alone = try train(SoleCommunicator())
    #expect(try ThreadCommunicator.run(ranks: 3) { try train($0) }.allSatisfy { $0 == alone })
  }

  /// What a flat buffer holds of each speaker.
  private func rows(_ trainer: Trainer, _ values: Matrix) -> [String: [Float]] {
    let table = Array(values.values[trainer.encoder.layout.parameters.count...])
    let speakers = trainer.plan.batches.corpus.speakers
    let width = table.count / speakers.count
    return Dictionary(
      uniqueKeysWithValues: speakers.enumerated().map { ($1, Array(table[$0 * width..<($0 + 1) * width])) })
  }

  @Test func `where speeds are left out, the speakers as recorded keep their prototypes and the others go`() throws {
    let corpus = try NoiseCorpus()
    let trainer = try corpus.trainer(
      corpus.configuration([
        "classification.subcenters=2", "augmentation.speed={factors: [0.9, 1, 1.1], asSpeakers: true}",
        "stages=[{training.steps: 4}, {training: {steps: 3, frozen: [classification]}, "
          + "augmentation.speed: {factors: [1], asSpeakers: false}}]",
      ]))
    _ = try Self.advance(trainer, to: 4)
    let before = ([trainer.parameters] + trainer.optimizer.state.map(\.values)).map { rows(trainer, $0) }
    #expect(before[0].count == 12 && before[1].values.contains { $0.contains { $0 != 0 } })
    let statistics = trainer.statistics.values
    _ = try Self.advance(trainer, to: 5)
    let after = ([trainer.parameters] + trainer.optimizer.state.map(\.values)).map { rows(trainer, $0) }
    #expect(after[0].keys.sorted() == ["s0", "s1", "s2", "s3"])
    for (now, then) in zip(after, before) {
      for (speaker, row) in now { #expect(row == then[speaker], "\(speaker)") }
    }
    #expect(trainer.statistics.values != statistics)
    // A training that goes back begins with all speakers again.
    let fresh = try corpus.trainer(
      corpus.configuration([
        "classification.subcenters=2", "augmentation.speed={factors: [0.9, 1, 1.1], asSpeakers: true}",
      ]))
    trainer.begin()
    #expect(trainer.step == 0 && Self.numbers(trainer) == Self.numbers(fresh))
  }

  @Test func `what a stage met to be unreadable the next one knows, also where it was met at another speed`() throws {
    let corpus = try NoiseCorpus(missing: "s2-u1")
    let speeds = "augmentation.speed: {factors: [0.9, 1], asSpeakers: true}"
    var met: Set<[Bool]> = []
    for seed in 1...12 {
      let trainer = try corpus.trainer(
        corpus.configuration(["seed=\(seed)", "stages=[{training.steps: 2, \(speeds)}, {training.steps: 2}]"]))
      _ = try Self.advance(trainer, to: 2)
      let before = trainer.batches.unreadable.map { trainer.plan.batches.corpus.utterances[$0].speed == 1 }
      met.insert(before)
      let found = try trainer.advance().unreadable
      guard !before.isEmpty else { continue }
      #expect(found.isEmpty)
      #expect(trainer.batches.unreadable.map { trainer.plan.batches.corpus.utterances[$0].id } == ["s2-u1"])
    }
    #expect(met.isSuperset(of: [[true], [false]]), "\(met)")
  }

  @Test func `a part that a stage held is corrected by its own number of updates`() throws {
    let corpus = try NoiseCorpus()
    let settings = [
      "optimizer.type=adam", "schedule.learningRate.type=constant", "training={frozen: [layer2, conv]}",
    ]
    let whole = try corpus.trainer(corpus.configuration(settings + ["schedule.unfreeze=4"]))
    let stages = "stages=[{training.steps: 4}, {training: {steps: 6, frozen: []}}]"
    let staged = try corpus.trainer(corpus.configuration(settings + [stages]))
    let halves = "stages=[{training.steps: 2}, {training.steps: 8, schedule.unfreeze: 2}]"
    let halved = try corpus.trainer(corpus.configuration(settings + [halves]))
    for trainer in [whole, staged, halved] { _ = try Self.advance(trainer, to: 10) }
    #expect(Self.numbers(whole) == Self.numbers(staged))
    #expect(Self.numbers(whole) == Self.numbers(halved))
  }

  @Test func `updates of a part are counted over the stages that train it`() {
    var encoder = EncoderLayout()
    let held = encoder.parameter("a.weight", shape: [2], initialisation: .constant(0), decays: true)
    let free = encoder.parameter("b.weight", shape: [2], initialisation: .constant(0), decays: true)
    let grouped = GroupedParameters(
      ParameterGroups(frozen: ["a"], unfreeze: 3), encoder.parameters, encoder: encoder,
      after: [
        (ParameterGroups(frozen: ["a"], unfreeze: 6), 10), (ParameterGroups(frozen: ["a", "b"]), 5),
        (ParameterGroups(), 7),
      ])
    #expect(grouped.rate(of: held, learningRate: 1, at: 24) == nil)
    #expect(grouped.rate(of: held, learningRate: 1, at: 25) == UpdateRate(1, mostUpdates: 4 + 7 + 1))
    #expect(grouped.rate(of: free, learningRate: 1, at: 22) == UpdateRate(1, mostUpdates: 10 + 7 + 1))
    #expect(grouped.frozen(at: 24).parameters == [0..<2] && grouped.frozen(at: 25).parameters.isEmpty)
    let later = GroupedParameters(
      ParameterGroups(frozen: ["a"], unfreeze: 3), encoder.parameters, encoder: encoder,
      after: [(ParameterGroups(), 22)])
    #expect(later.rate(of: held, learningRate: 1, at: 25) == UpdateRate(1, mostUpdates: 22 + 1))
    #expect(later.rate(of: free, learningRate: 1, at: 25) == UpdateRate(1))
  }

  @Test func `memory is foretold for the stage that takes most`() throws {
    let corpus = try NoiseCorpus()
    let staged = try corpus.trainer(
      corpus.configuration(["stages=[{}, {crop.seconds: 0.7, batch.speakers: 4}, {}]"]))
    let largest = try corpus.trainer(corpus.configuration(["crop.seconds=0.7", "batch.speakers=4"]))
    // An evaluation of that size leaves what is loaded ahead, which follows from the sizes alone.
    let evaluation = 1 << 40
    #expect(staged.memoryAhead(evaluation: evaluation) == largest.memoryAhead(evaluation: evaluation))
  }

  @Test func `what does not go with a stage is refused with it`() throws {
    let corpus = try NoiseCorpus()
    for (stage, words) in [
      ("{training.frozen: [layer9]}", "stages[1]: training.frozen: no parameter's name begins with layer9"),
      ("{batch.speakers: 9}", "stages[1]: the corpus has 4 speakers, batch.speakers asks for 9"),
      ("{batch.utterances: 9}", "stages[1]: speaker 's0' (and 3 more of 4 speakers) has 4 utterances"),
      ("{augmentation.noise: /nowhere}", "stages[1]: augmentation.noise"),
    ] {
      let configuration = try corpus.configuration(["stages=[{}, \(stage)]"])
      let failure = try #require(throws: Failure.self) { try TrainingPlan(configuration, corpus: corpus.corpus) }
      #expect(failure.message.hasPrefix(words), "\(failure.message)")
    }
  }

  @Test func `a gradient check takes the first stage`() throws {
    let corpus = try NoiseCorpus()
    let settings = ["stages=[{classification.margin: 0.3}, {crop.seconds: 0.7, classification.margin: 0.4}]"]
    let plan = try TrainingPlan(corpus.configuration(settings), corpus: corpus.corpus)
    let check = try GradientCheck(encoder: NoiseCorpus.encoder, plan: plan, communicator: SoleCommunicator())
    #expect(check.margin == 0.3)
  }
}

extension String {
  /// The folder of the file that a path names.
  fileprivate var withoutName: String { URL(fileURLWithPath: self).deletingLastPathComponent().path }
}
