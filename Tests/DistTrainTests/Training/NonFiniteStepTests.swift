import DistTrain
import Foundation
import TestTools
import Testing

/// Steps whose numbers are not finite.
@Suite struct NonFiniteStepTests {
  /// Features of a batch of three speakers, two rows each, shared out over ranks; `broken` rows hold a number that is
  /// none.
  private func learn(
    _ trainer: Trainer, broken: [Int] = [], value: Float = .nan
  ) throws -> StepMetrics {
    let speakers = [0, 0, 1, 1, 2, 2]
    let frames = 30
    let own = trainer.batches.cut(rows: speakers.count).rows(of: trainer.communicator.rank)
    let features = Matrix(rows: NoiseCorpus.bins, columns: own.count * frames)
    for (place, row) in own.enumerated() {
      var stream = RandomStream(seed: 3, purpose: .test, epoch: trainer.step, item: row)
      for bin in 0..<features.rows {
        for frame in 0..<frames { features[bin, place * frames + frame] = Float(stream.normal()) }
      }
      if broken.contains(row) { features[5, place * frames + 7] = value }
    }
    return try trainer.learn(features, speakers: speakers)
  }

  private struct State: Equatable {
    let step: Int
    let parameters: [Float]
    let statistics: [Float]
    let optimizer: [[Float]]
    let updates: Int

    init(_ trainer: Trainer) {
      step = trainer.step
      parameters = trainer.parameters.values
      statistics = trainer.statistics.values
      optimizer = trainer.optimizer.state.map(\.values.values)
      updates = trainer.optimizer.updates
    }
  }

  @Test(arguments: [
    ["optimizer.type=adam"], ["encoder.batchNormalization=local"], ["weighting.space=representation"],
    ["weighting.method=fixed", "weighting.classification=1", "weighting.contrastive=1"],
  ])
  func `a row that is no number on one rank stops all ranks in the same step, and nothing of any rank changes`(
    settings: [String]
  ) throws {
    let corpus = try NoiseCorpus()
    let configuration = try corpus.configuration(settings)
    for value in [Float.nan, .infinity] {
      let steps = try ThreadCommunicator.run(ranks: 3) { communicator in
        let trainer = try corpus.trainer(configuration, communicator: communicator)
        _ = try learn(trainer)
        let before = State(trainer)
        let broken = #expect(throws: NonFiniteStep.self) { try learn(trainer, broken: [3], value: value) }
        #expect(State(trainer) == before)
        #expect(broken?.finiteRows == [true, true, true, false, true, true])
        #expect(broken?.metrics.step == 2)
        // The next step is as if nothing had been.
        let metrics = try learn(trainer)
        return [metrics["classification"].loss, metrics["contrastive"].loss]
      }
      #expect(steps.allSatisfy { $0 == steps[0] && $0.allSatisfy(\.isFinite) })
    }
  }

  @Test func `parameters that overflow are found out before a checkpoint is made of them`() throws {
    let corpus = try NoiseCorpus()
    let trainer = try corpus.trainer(corpus.configuration())
    #expect(trainer.isFinite)
    let places = [trainer.parameters, trainer.statistics] + trainer.optimizer.state.map(\.values)
    for place in places {
      for value in [Float.infinity, -.infinity, .nan, .signalingNaN] {
        let before = place.elements[3]
        place.elements[3] = value
        #expect(!trainer.isFinite)
        place.elements[3] = before
      }
      place.elements[3] = -.greatestFiniteMagnitude
      #expect(trainer.isFinite)
    }
  }

  @Test func `a gradient that overflows where losses and weights are finite is found out`() throws {
    let corpus = try NoiseCorpus()
    var plan = try TrainingPlan(corpus.configuration(), corpus: corpus.corpus)
    // Finite as a double, and more than the largest float.
    plan.weighting = .fixed(["classification": 1e39, "contrastive": 1])
    let trainer = Trainer(encoder: NoiseCorpus.encoder, plan: plan, communicator: SoleCommunicator())
    let before = State(trainer)
    let broken = #expect(throws: NonFiniteStep.self) { try learn(trainer) }
    #expect(broken?.finiteRows == Array(repeating: true, count: 6))
    #expect(broken?.metrics["classification"].loss.isFinite == true && broken?.metrics.alpha.isFinite == true)
    #expect(State(trainer) == before)
  }

  @Test(arguments: ["sgd", "adam"])
  func `a step left out counts as a step but not as an update, after a resume as well`(optimizer: String) throws {
    let corpus = try NoiseCorpus()
    let configuration = try corpus.configuration(["optimizer.type=\(optimizer)"])
    let trainer = try corpus.trainer(configuration)
    _ = try trainer.advance()
    let before = State(trainer)
    trainer.skip()
    #expect(trainer.step == 2 && trainer.skipped == 1 && trainer.optimizer.updates == 1)
    #expect(trainer.parameters.values == before.parameters)
    let store = CheckpointStore(path: corpus.folder.path("checkpoints"))
    try store.save(trainer.snapshot(configuration: "", version: "1"))
    let restored = try corpus.trainer(configuration)
    try restored.restore(#require(store.newest().checkpoint))
    #expect(restored.skipped == 1 && restored.optimizer.updates == 1)
    for _ in 0..<2 {
      let metrics = try [trainer.advance().metrics, restored.advance().metrics]
      #expect(metrics[0]["classification"].loss == metrics[1]["classification"].loss)
      #expect(metrics[1].skipped == 1)
    }
    #expect(State(trainer) == State(restored))
  }

  @Test func `after a rollback the same utterances come with other crops, which the state brings back`() throws {
    let corpus = try NoiseCorpus()
    let configuration = try corpus.configuration()
    func losses(rollbacks: Int) throws -> [Double] {
      let trainer = try corpus.trainer(configuration)
      trainer.batches.rollbacks = rollbacks
      return try (0..<2).map { _ in try trainer.advance().metrics["classification"].loss }
    }
    let (first, second) = (try losses(rollbacks: 0), try losses(rollbacks: 1))
    #expect(first[0] != second[0])
    #expect(try losses(rollbacks: 1) == second)
    let trainer = try corpus.trainer(configuration)
    let sampler = trainer.plan.batches.sampler
    #expect(sampler.batch(step: 3).map(\.utterance) == sampler.batch(step: 3, rollbacks: 1).map(\.utterance))

    trainer.batches.rollbacks = 1
    _ = try trainer.advance()
    let store = CheckpointStore(path: corpus.folder.path("checkpoints"))
    try store.save(trainer.snapshot(configuration: "", version: "1"))
    let restored = try corpus.trainer(configuration)
    try restored.restore(#require(store.newest().checkpoint))
    #expect(restored.batches.rollbacks == 1)
    #expect(try restored.advance().metrics["classification"].loss == second[1])
  }

  @Test func `a trainer that begins anew is as it was made`() throws {
    let corpus = try NoiseCorpus()
    let trainer = try corpus.trainer(corpus.configuration(["optimizer.type=adam"]))
    let before = State(trainer)
    for _ in 0..<2 { _ = try trainer.advance() }
    trainer.skip()
    #expect(State(trainer) != before)
    trainer.begin()
    #expect(State(trainer) == before && trainer.skipped == 0)
  }

  @Test func `a snapshot does not change when training goes on`() throws {
    let corpus = try NoiseCorpus()
    let trainer = try corpus.trainer(corpus.configuration())
    _ = try trainer.advance()
    let store = CheckpointStore(path: corpus.folder.path("checkpoints"))
    let snapshot = trainer.snapshot(configuration: "", version: "1")
    let before = State(trainer)
    for _ in 0..<2 { _ = try trainer.advance() }
    try store.save(snapshot)
    let restored = try corpus.trainer(corpus.configuration())
    try restored.restore(#require(store.newest().checkpoint))
    #expect(State(restored) == before)
  }

  @Test func `the report of a broken step names each row's utterance, speaker and view`() throws {
    let corpus = try NoiseCorpus()
    var metrics = StepMetrics(step: 4, epoch: 0, objectives: ["classification", "contrastive"])
    metrics["classification"].weight = 0.25
    metrics["contrastive"].loss = .nan
    let rows = [
      BatchRow(utterance: 1, speaker: 0, occurrence: 2, view: 1, epoch: 0),
      BatchRow(utterance: 4, speaker: 1, occurrence: 2, view: 0, epoch: 0),
    ]
    let text = NonFiniteStep(StepReport(metrics: metrics), finiteRows: [true, false])
      .json(rows: rows, corpus: corpus.corpus, rollbacks: 2)
    let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect(object["step"] as? Int == 4 && object["rollbacks"] as? Int == 2)
    #expect(object["alpha"] as? Double == 0.25 && object["contrastiveLoss"] is NSNull)
    let listed = try #require(object["rows"] as? [[String: Any]])
    #expect(listed.map { $0["utterance"] as? String } == ["s0-u1", "s1-u0"])
    #expect(listed.map { $0["speaker"] as? String } == ["s0", "s1"])
    #expect(listed.map { $0["view"] as? Int } == [1, 0])
    #expect(listed.map { $0["finiteFeatures"] as? Bool } == [true, false])
  }
}
