import DistTrain
import Synchronization
import TestTools
import Testing

/// Steps of training on one thread and on several.
@Suite struct ThreadsTests {
  @Test(arguments: [
    [], ["weighting.space=representation"], ["optimizer.type=adamw"], ["training.precision=bf16"],
    ["batch.microBatches=3"], ["classification.sharded=true"], ["classification={sharded: true, sampling: 0.5}"],
  ])
  func `two steps give the same bits on any number of threads`(settings: [String]) throws {
    guard Precision.bfloat16.isAvailable || !settings.contains("training.precision=bf16") else { return }
    ThreadTeam.shared.grow(to: 3)
    let together = try parameters(settings)
    // Within a loop of the team everything is the calling thread's alone.
    let alone = Mutex<Result<[Float], any Error>?>(nil)
    ThreadTeam.shared.run(2) { index in
      if index == 0 {
        let result = Result { try parameters(settings) }
        alone.withLock { $0 = result }
      }
    }
    #expect(try alone.withLock { $0 }?.get() == together)
  }

  /// The parameters of an encoder wide enough that its products are cut.
  private func parameters(_ settings: [String]) throws -> [Float] {
    let configuration = try Configuration.load(
      file: nil,
      overrides: [
        "training.steps=2", "batch.speakers=6", "batch.utterances=2", "batch.views=1", "views.augmented=[false]",
        "encoder.channels=128", "encoder.aggregation=384", "optimizer.nesterov=true",
      ] + settings)
    let trainer = Trainer(
      encoder: configuration.network,
      plan: try TrainingPlan(configuration, corpus: .synthetic([2, 2, 2, 2, 2, 2])), communicator: SoleCommunicator())
    var stream = RandomStream(seed: 4, purpose: .test)
    let features = Matrix(rows: 80, columns: 12 * 150, (0..<80 * 1800).map { _ in Float(stream.normal()) })
    for _ in 0..<2 {
      _ = try trainer.learn(features, speakers: (0..<12).map { $0 / 2 })
    }
    return trainer.parameters.values + trainer.statistics.values
  }
}
