import DistTrain
import TestTools
import Testing

/// A rank that rehearses alone does what it does among others.
@Suite struct StepRehearsalTests {
  private static func configuration(_ more: String...) throws -> Configuration {
    try Configuration.load(
      file: nil,
      overrides: [
        "encoder.channels=16", "encoder.embedding=12", "batch={speakers: 8, utterances: 2, views: 1, unit: 2}",
        "views.augmented=[false]", "crop.seconds=0.3", "augmentation.noise=/none/there", "optimizer.type=adam",
      ] + more)
  }

  /// What rank 0 of so many sends in its second step.
  private static func sent(_ configuration: Configuration, ranks: Int) throws -> [[Int]] {
    try ThreadCommunicator.run(ranks: ranks) { threads in
      let communicator = SendingCommunicator(threads)
      let plan = try StepRehearsal.plan(configuration, speakers: 20)
      let encoder = configuration.network
      let trainer = Trainer(encoder: encoder, plan: plan, communicator: communicator)
      let speakers = plan.batches.sampler.batch(step: 0).map(\.speaker)
      let rows = trainer.batches.cut(rows: speakers.count).rows(of: communicator.rank).count
      let features = StepRehearsal.features(bins: encoder.bins, frames: rows * plan.batches.loader.frames)
      _ = try trainer.learn(features, speakers: speakers)
      communicator.forget()
      _ = try trainer.learn(features, speakers: speakers)
      return communicator.bytes
    }[0]
  }

  @Test(arguments: [2, 3, 8])
  func `it sends as much as among others`(ranks: Int) throws {
    let settings = [
      "weighting.space=representation", "weighting.space=parameters", "encoder.batchNormalization=local",
      "classification.sharded=true",
    ]
    for more in settings {
      let configuration = try Self.configuration(more)
      let rehearsal = try StepRehearsal.run(configuration, speakers: 20, ranks: ranks, steps: 1)
      let expected = try Self.sent(configuration, ranks: ranks)
      #expect(rehearsal.operations.map(\.bytes) == expected, "\(more)")
    }
  }

  @Test func `it has the rows of the largest rank and times that make sense`() throws {
    let rehearsal = try StepRehearsal.run(Self.configuration(), speakers: 20, ranks: 3, steps: 2)
    #expect(rehearsal.ranks == 3 && rehearsal.rows == 6)
    #expect(rehearsal.seconds > 0 && rehearsal.memory > 1 << 20)
    let begins = rehearsal.operations.map(\.begins)
    #expect(begins == begins.sorted() && begins.allSatisfy { $0 >= 0 })
    // Sums of gradients, and nothing else, are needed later than they begin, and all are needed.
    let started = rehearsal.operations.filter { $0.needed != $0.begins }
    #expect(!started.isEmpty && started.allSatisfy { $0.bytes.count == 2 && $0.needed.isFinite })
  }

  @Test func `one rank sends nothing`() throws {
    let rehearsal = try StepRehearsal.run(Self.configuration(), speakers: 20, ranks: 1, steps: 1)
    #expect(rehearsal.operations.isEmpty && rehearsal.rows == 16)
  }

  @Test func `more ranks than units are refused`() throws {
    let failure = #expect(throws: Failure.self) {
      try StepRehearsal.run(Self.configuration(), speakers: 20, ranks: 9, steps: 1)
    }
    #expect(failure?.kind == .usage && failure?.message.hasPrefix("9 ranks for a global batch of 8 units") == true)
  }
}
