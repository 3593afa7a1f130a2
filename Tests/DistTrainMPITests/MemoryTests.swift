import DistTrain
import Testing

extension MPITests {
  @Suite struct MemoryTests {
    /// The last one's activations are large enough to lie in the pool's one region.
    @Test(arguments: [
      ["encoder={channels: 32, aggregation: 96}"],
      ["encoder={channels: 32, aggregation: 96}", "weighting.space=representation"],
      ["encoder={channels: 32, aggregation: 96, layout: speechbrain}"],
      ["encoder={channels: 32, aggregation: 96, pooling: xi}"], ["encoder={channels: 256, aggregation: 6144}"],
      ["encoder={type: resnet, depth: 18, channels: 8}"], ["encoder={type: resnet, depth: 50, channels: 4}"],
      ["encoder={type: x-vector, channels: 32, statistics: 96}"],
      ["encoder={type: campplus, channels: 16, growth: 4, bottleneck: 2}"], ["encoder={type: redimnet2}"],
      ["encoder={type: redimnet}"], ["encoder={type: redimnet, size: b1}"],
      ["encoder={channels: 32, aggregation: 96}", "batch.microBatches=2"],
      ["encoder={channels: 32, aggregation: 96}", "classification.sharded=true"],
    ])
    func `a warm step asks the system for no memory of activations`(settings: [String]) throws {
      let configuration = try Configuration.load(
        file: nil,
        overrides: [
          "training.steps=10", "batch.speakers=8", "batch.utterances=2", "batch.views=1", "batch.unit=1",
          "views.augmented=[false]", "features.bins=24",
        ] + settings)
      let corpus = Corpus(
        (0..<16).map {
          ListedUtterance(id: "s\($0 / 2)/u\($0 % 2)", speaker: "s\($0 / 2)", path: "none", seconds: 1)
        })
      let communicator = World.communicator
      let trainer = Trainer(
        encoder: configuration.network, plan: try TrainingPlan(configuration, corpus: corpus),
        communicator: communicator)
      var stream = RandomStream(seed: 3, purpose: .test, item: communicator.rank)
      let columns = trainer.batches.cut(rows: 16).rows(of: communicator.rank).count * 60
      let features = Matrix(rows: 24, columns: columns, (0..<24 * columns).map { _ in Float(stream.normal()) })
      var allocations: [Int] = []
      for _ in 0..<5 {
        _ = try trainer.learn(features, speakers: (0..<16).map { $0 / 2 })
        allocations.append(BufferPool.shared.allocations)
      }
      expectOnAllRanks(allocations[1] == allocations[4], "\(settings): \(allocations)")
    }
  }
}
