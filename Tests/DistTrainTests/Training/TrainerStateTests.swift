import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct TrainerStateTests {
  @Test(arguments: ["sgd", "adam", "adamw"])
  func `a trainer that was restored takes the steps of the one that was saved, bit for bit`(
    optimizer: String
  ) throws {
    let corpus = try NoiseCorpus(missing: "s2-u1")
    let configuration = try corpus.configuration(["optimizer.type=\(optimizer)"])
    let saved = try corpus.trainer(configuration)
    // Beyond an epoch, so that the place in it is not the step.
    let first = saved.plan.batches.sampler.stepsPerEpoch + 1
    for _ in 0..<first { _ = try saved.advance() }
    let store = CheckpointStore(path: corpus.folder.path("checkpoints"))
    let snapshot = saved.snapshot(configuration: "digest", version: "1")
    let state = snapshot.state
    #expect(state.step == first && state.sampler == .init(epoch: 1, index: 1))
    #expect(state.seed == configuration.seed && state.replaced == ["s2-u1"] && state.ranks == 1)
    try store.save(snapshot)

    let restored = try corpus.trainer(configuration)
    try restored.restore(#require(store.newest().checkpoint))
    expectEqual(restored, saved)
    for _ in 0..<2 {
      let metrics = try [saved.advance().metrics, restored.advance().metrics]
      #expect(metrics[0].step == first + 1 || metrics[0].step == first + 2)
      #expect(metrics[0].step == metrics[1].step && metrics[0].epoch == metrics[1].epoch)
      #expect(metrics[0]["classification"].loss == metrics[1]["classification"].loss)
    }
    expectEqual(restored, saved)
  }

  @Test func `a run draws from the same noises after going on, one of which it met to be gone`() throws {
    let (corpus, noises) = (try NoiseCorpus(), try TestFolder())
    for name in ["a.wav", "b.wav", "c.wav"] { try noises.writeTone(name) }
    let configuration = try corpus.configuration(["augmentation={noise: \(noises.path), probability: 1}"])
    let saved = try corpus.trainer(configuration)
    try FileManager.default.removeItem(atPath: noises.path("b.wav"))
    for _ in 0..<4 { _ = try saved.advance() }
    let snapshot = saved.snapshot(configuration: "digest", version: "1")
    #expect(snapshot.state.unreadableRecordings == ["noise/b.wav"])
    #expect(snapshot.state.augmentation?["noise"]?.hasPrefix("3 recordings, SHA-256 ") == true)
    let store = CheckpointStore(path: corpus.folder.path("checkpoints"))
    try store.save(snapshot)

    let restored = try corpus.trainer(configuration)
    #expect(restored.plan.batches.loader.augmentation.noises.count == 2)
    try restored.restore(#require(store.newest().checkpoint))
    for _ in 0..<3 {
      _ = try saved.advance()
      #expect(try restored.advance().unreadableRecordings.isEmpty)
    }
    expectEqual(restored, saved)
    #expect(restored.batches.unreadableRecordings == saved.batches.unreadableRecordings)
    let state = restored.snapshot(configuration: "digest", version: "1").state
    #expect(state == saved.snapshot(configuration: "digest", version: "1").state)
  }

  private func expectEqual(_ one: Trainer, _ other: Trainer) {
    #expect(one.step == other.step)
    #expect(one.batches.unreadable == other.batches.unreadable)
    #expect(one.parameters.values == other.parameters.values)
    #expect(one.statistics.values == other.statistics.values)
    #expect(one.optimizer.updates == other.optimizer.updates)
    for (state, expected) in zip(one.optimizer.state, other.optimizer.state) {
      #expect(state.values.values == expected.values.values, "\(state.name)")
    }
  }
}
