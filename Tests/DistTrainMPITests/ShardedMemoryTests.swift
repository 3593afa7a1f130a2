import DistTrain
import TestTools
import Testing

extension MPITests {
  /// The memory of prototypes that ranks share. Here because each rank is a process, in which nothing else takes buffers.
  @Suite struct ShardedMemoryTests {
    private static let speakers = 6000

    /// The first of several ranks, of which the others have zeros.
    private final class FirstRank: Communicator, @unchecked Sendable {
      let rank = 0
      let size: Int

      init(of size: Int) { self.size = size }

      func gather(_ own: UnsafeBufferPointer<Float>, counts: [Int], into all: UnsafeMutableBufferPointer<Float>) {
        all.update(repeating: 0)
        _ = all.update(fromContentsOf: own)
      }

      func gather(_ own: UnsafeBufferPointer<Double>, counts: [Int], into all: UnsafeMutableBufferPointer<Double>) {
        all.update(repeating: 0)
        _ = all.update(fromContentsOf: own)
      }

      func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) {}

      func minimum(_ values: [Double]) -> [Double] { values }

      func maximum(_ values: [Double]) -> [Double] { values }

      func barrier() {}

      func gather(_ bytes: [UInt8]) -> [[UInt8]] { Array(repeating: bytes, count: size) }
    }

    /// The bytes of buffers that a trainer and its first step take on the first of so many ranks, and those that it
    /// foretells of the step.
    private func bytes(ranks: Int, sharded: Bool) throws -> (taken: Double, foretold: Double) {
      let configuration = try Configuration.load(
        file: nil,
        overrides: [
          "classification.sharded=\(sharded)", "features.bins=24", "batch.speakers=8", "batch.utterances=2",
          "batch.views=1", "views.augmented=[false]", "batch.unit=1", "crop.seconds=0.4", "training.steps=2",
          "encoder={channels: 8, aggregation: 12}",
        ])
      let corpus = Corpus.synthetic(Array(repeating: 2, count: Self.speakers))
      let plan = try TrainingPlan(configuration, corpus: corpus)
      let features = Matrix.zeros(rows: 24, columns: 16 / ranks * 38)
      var stream = RandomStream(seed: 3, purpose: .test)
      for index in features.elements.indices { features.elements[index] = Float(stream.normal()) }
      var trainer: Trainer?
      let trace = BufferPool.shared.tracing {
        trainer = Trainer(encoder: configuration.network, plan: plan, communicator: FirstRank(of: ranks))
        _ = try? trainer?.learn(features, speakers: (0..<16).map { $0 * 300 })
      }
      return (Double(trace.bytes(scaling: [])), Double(trainer?.memoryAhead(evaluation: 0) ?? 0))
    }

    @Test func `a rank of four takes a quarter of what one takes, and foretells it`() throws {
      let (whole, alone) = (try bytes(ranks: 1, sharded: false), try bytes(ranks: 1, sharded: true))
      let quarter = try bytes(ranks: 4, sharded: true)
      expectOnAllRanks(quarter.taken > 0 && quarter.taken < 1.2 * whole.taken / 4, "\(quarter) of \(whole)")
      expectOnAllRanks(quarter.taken < 1.2 * alone.taken / 4, "\(quarter) of \(alone)")
      expectOnAllRanks(quarter.foretold < 0.5 * alone.foretold, "\(quarter) of \(alone)")
    }
  }
}
