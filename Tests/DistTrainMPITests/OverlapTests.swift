import DistTrain
import Foundation
import Testing

extension MPITests {
  /// Sums that go on beside the program: the bits of those that are waited for, whatever the timing.
  @Suite struct OverlapTests {
    /// Elements of an encoder and beyond it, and of a bucket.
    static let shapes = [
      (0, 5, 4), (1, 0, 1), (7, 3, 3), (64, 1, 64), (1001, 13, 100), (1001, 13, 5000), (2_500_003, 1211, 1 << 20),
    ]

    /// Numbers of many sizes, so that a sum's bits tell its order.
    private static func values(of rank: Int, count: Int, objective: Int) -> [Float] {
      var stream = RandomStream(seed: 8, purpose: .test, item: rank, occurrence: count, view: objective)
      return (0..<count).map { _ in Float(stream.uniform(-1, 1) * exp(stream.uniform(-9, 9))) }
    }

    @Test(arguments: OperationTests.Way.allCases, shapes)
    func `buckets leave the bits of one sum`(way: OperationTests.Way, shape: (encoder: Int, beyond: Int, size: Int)) {
      let communicator = way.communicator
      guard way == .whole || shape.encoder < 10_000 else { return }
      let count = shape.encoder + shape.beyond
      let own = (0...1).map { Self.values(of: communicator.rank, count: count, objective: $0) }
      let blocking = own.map { Matrix(rows: 1, columns: count, $0) }
      for matrix in blocking { communicator.sum(matrix) }
      for attempt in 0..<3 {
        let gradients = own.map { Matrix(rows: 1, columns: count, $0) }
        let buckets = GradientBuckets(
          gradients.map { [$0] }, of: .ranks(communicator.size), encoder: shape.encoder, size: shape.size,
          communicator: communicator, computedSeconds: { 0 })
        buckets.start(shape.encoder..<count, of: 0)
        for offset in [3 * shape.encoder / 4, shape.encoder / 2, shape.encoder / 2, shape.encoder / 5] {
          // Each rank comes at another time, and a blocking sum comes between.
          usleep(UInt32((communicator.rank * 7 + attempt * 5 + offset) % 3 * 2000))
          buckets.finished(from: offset)
          expectOnAllRanks(communicator.sum(1) == Double(communicator.size))
          buckets.look()
        }
        buckets.finish()
        expectOnAllRanks(gradients[0].values == blocking[0].values)
        let encoder = 0..<shape.encoder
        expectOnAllRanks(gradients[1].values[encoder] == blocking[1].values[encoder])
        expectOnAllRanks(OperationTests.isSameOnAllRanks(gradients[0].values), "the ranks' bits differ")
      }
    }

    @Test func `the numbers of these tests tell the order of a sum from three ranks on`() {
      let rows = (0..<World.communicator.size).map { Self.values(of: $0, count: 1001, objective: 0) }
      func total(_ rows: [[Float]]) -> [Float] {
        rows.dropFirst().reduce(into: rows[0]) { total, row in for index in row.indices { total[index] += row[index] } }
      }
      expectOnAllRanks((total(rows) != total(rows.reversed())) == (rows.count > 2))
    }

    @Test(arguments: [[], ["encoder.batchNormalization=local"], ["weighting.space=representation"]])
    func `a slow link of any rank is hidden and changes no bit`(settings: [String]) throws {
      let corpus = try SharedCorpus()
      defer { corpus.remove() }
      let plain = try run(settings, corpus: corpus.path, communicator: World.communicator)
      let slow = World.communicator.size - 1
      let delayed = DelayedCommunicator(World.communicator, delay: World.communicator.rank == slow ? 0.1 : 0)
      let hidden = try run(settings, corpus: corpus.path, communicator: delayed)
      expectOnAllRanks(plain.ranksAgree)
      expectOnAllRanks(hidden.parameters == plain.parameters)
      expectOnAllRanks(delayed.rank != slow || hidden.metrics.contains { $0.overlappedSeconds > 0 })
      expectOnAllRanks(
        hidden.metrics.allSatisfy { 0 <= $0.overlappedSeconds && $0.overlappedSeconds <= $0.backwardSeconds })
      delayed.overlaps = false
      let exposed = try run(settings, corpus: corpus.path, communicator: delayed)
      expectOnAllRanks(exposed.parameters == plain.parameters)
      expectOnAllRanks(exposed.metrics.allSatisfy { $0.overlappedSeconds == 0 })
    }

    private func run(
      _ settings: [String], corpus: String, communicator: any Communicator
    ) throws -> (metrics: [StepMetrics], parameters: [Float], ranksAgree: Bool) {
      // Several buckets: 1.8 million parameters.
      let small = [
        "corpus.train=\(corpus)", "encoder.channels=128", "encoder.embedding=16", "features.bins=24",
        "crop.seconds=0.6", "batch.speakers=4", "batch.unit=1", "training.steps=3", "seed=3",
      ]
      let configuration = try Configuration.load(file: nil, overrides: small + settings)
      let plan = try TrainingPlan(configuration, corpus: Corpus.open(corpus))
      let trainer = Trainer(encoder: configuration.network, plan: plan, communicator: communicator)
      let metrics = try (0..<3).map { _ in try trainer.advance().metrics }
      return (metrics, trainer.parameters.values, trainer.ranksAgree)
    }
  }
}
